"""The signer on a real database: pay once, and keep what was signed."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr

from chains.codecs.evm import EvmCodec, payment_of
from chains.codecs.keccak import keccak256
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from domain.rules import Verdict
from domain.sends import TxPurpose
from domain.signing import Refusal, SignedAnswer
from signer import signing as signing_module
from signer.records import SignedVariant, SignerDatabase, store_signature
from signer.signing import SigningActivities
from tests.support.signing import CHAIN_ID, FIRST_NONCE, GWEI, NATIVE_ID, PAYEE, TOKEN, SigningHouse
from tests.support.signing_asks import refused, sign

SIGNED = "signer.signatures"


async def test_bytes_say_what_is_owed(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """The stored bytes are one plain transfer of the owed amount, signed by the granted wallet."""
    owed = signing_house.owe()
    answer = await sign(signing, signing_house.intent(owed))
    [(raw, txid, serial)] = signing_house.execute(f"SELECT raw, txid, serial FROM {SIGNED}")
    stored = EvmCodec().decode(raw)
    assert answer == SignedAnswer(txid=keccak256(raw), nonce=FIRST_NONCE)
    assert (txid, serial) == (answer.txid, answer.nonce)
    assert stored.transaction.chain_id == CHAIN_ID
    assert stored.transaction.nonce == FIRST_NONCE
    assert payment_of(stored.transaction) == Payment(TOKEN, PAYEE, owed.amount)
    assert sender_of(stored) == signing_house.wallet


async def test_native_coin_goes_to_the_payee(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """An obligation in the network's own coin becomes a value transfer without data."""
    owed = signing_house.owe(asset_id=NATIVE_ID, withdrawal_asset_id=NATIVE_ID, contract=b"")
    await sign(signing, signing_house.intent(owed))
    [(raw,)] = signing_house.execute(f"SELECT raw FROM {SIGNED}")
    assert payment_of(EvmCodec().decode(raw).transaction) == Payment(b"", PAYEE, owed.amount)


async def test_fifty_at_once_sign_once(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """Fifty equal intents at the same time give one signature, one nonce and one answer."""
    intent = signing_house.intent(signing_house.owe())
    answers = await asyncio.gather(*[sign(signing, intent) for _ in range(50)])
    assert len({answer.txid for answer in answers}) == 1
    assert [answer.repeat for answer in answers].count(False) == 1
    assert signing_house.count(SIGNED) == 1
    assert signing_house.execute("SELECT max(next_nonce) FROM signer.nonce_lanes") == [(FIRST_NONCE + 1,)]


async def test_sends_take_consecutive_nonces(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """Twenty sends at once leave neither a gap nor a double in the lane."""
    intents = [signing_house.intent(signing_house.owe()) for _ in range(20)]
    answers = await asyncio.gather(*[sign(signing, intent) for intent in intents])
    assert sorted(answer.nonce or 0 for answer in answers) == list(range(FIRST_NONCE, FIRST_NONCE + 20))


async def test_wallets_have_lanes_of_their_own(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """Each wallet counts its own nonces."""
    for wallet in signing_house.wallets:
        owed = signing_house.owe(wallet=wallet)
        assert (await sign(signing, signing_house.intent(owed, wallet=wallet))).nonce == FIRST_NONCE


async def test_crash_before_the_commit_leaves_nothing(
    signing_house: SigningHouse, signing: SigningActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signer that dies after signing and before the commit has taken no nonce; the retry signs."""
    intent = signing_house.intent(signing_house.owe())

    async def store_and_die(connection: psycopg.AsyncConnection[Any], signed: SignedVariant) -> None:
        await store_signature(connection, signed)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(signing_module, "store_signature", store_and_die)
        with pytest.raises(ConnectionResetError):
            await sign(signing, intent)
    assert (signing_house.count(SIGNED), signing_house.count("signer.claims")) == (0, 0)
    assert (await sign(signing, intent)).nonce == FIRST_NONCE


async def test_repeat_after_a_restart_is_the_same(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """C13: another process answers with the stored hash, even for a newer plan, even once nothing is owed."""
    owed = signing_house.owe()
    first = await sign(signing, signing_house.intent(owed))
    signing_house.execute("DELETE FROM signer_view.owed")
    signing_house.now_ms += 3_600_000
    connections = SignerDatabase(SecretStr(signing_house.signer_dsn))
    await connections.open()
    try:
        again = await sign(signing_house.signer(connections), signing_house.intent(owed, max_fee=90 * GWEI))
    finally:
        await connections.close()
    assert again == SignedAnswer(txid=first.txid, nonce=first.nonce, repeat=True)
    assert signing_house.count(SIGNED) == 1


@pytest.mark.parametrize("change", [{"purpose": TxPurpose.CANCEL}, {"wallet": "other"}])
async def test_repeat_with_another_content_conflicts(
    signing_house: SigningHouse, signing: SigningActivities, change: dict[str, Any]
) -> None:
    """C13: a signed variant asked for again as something else is a conflict, not a second signature."""
    owed = signing_house.owe()
    await sign(signing, signing_house.intent(owed))
    changes = {
        name: signing_house.wallets[1] if value == "other" else value for name, value in change.items()
    }
    assert await refused(signing, signing_house.intent(owed, **changes)) == Refusal.CONFLICT
    assert signing_house.count(SIGNED) == 1


async def test_approved_review_is_signed(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """A withdrawal that a person approved is signed like an allowed one."""
    owed = signing_house.owe(verdict=Verdict.REVIEW, approvals=1)
    assert (await sign(signing, signing_house.intent(owed))).nonce == FIRST_NONCE


async def test_bump_replaces_and_cancel_pays_nobody(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """Variants of an attempt share its nonce: a bump pays the same, a cancel sends nothing to the wallet."""
    owed = signing_house.owe()
    await sign(signing, signing_house.intent(owed))
    raised = {"max_fee": 18 * GWEI, "max_priority_fee": 9 * GWEI}
    low = signing_house.intent(
        owed, variant=2, purpose=TxPurpose.BUMP, **(raised | {"max_fee": 18 * GWEI - 1})
    )
    assert await refused(signing, low) == Refusal.BAD_VARIANT
    bumped = await sign(signing, signing_house.intent(owed, variant=2, purpose=TxPurpose.BUMP, **raised))
    higher = {"max_fee": 21 * GWEI, "max_priority_fee": 11 * GWEI}
    ended = await sign(signing, signing_house.intent(owed, variant=3, purpose=TxPurpose.CANCEL, **higher))
    assert bumped.nonce == ended.nonce == FIRST_NONCE
    rows = signing_house.execute(f"SELECT raw FROM {SIGNED} ORDER BY variant")
    payments = [payment_of(EvmCodec().decode(raw).transaction) for (raw,) in rows]
    paid = Payment(TOKEN, PAYEE, owed.amount)
    assert payments == [paid, paid, Payment(b"", signing_house.wallet, 0)]
    revived = {"max_fee": 40 * GWEI, "max_priority_fee": 20 * GWEI}
    again = signing_house.intent(owed, variant=4, purpose=TxPurpose.BUMP, **revived)
    assert await refused(signing, again) == Refusal.BAD_VARIANT


@pytest.mark.parametrize(
    ("outcome", "has_evidence", "may_sign"),
    [
        (None, False, False),
        ("paid", True, False),
        ("failed", False, False),
        ("failed", True, True),
        ("cancelled", True, True),
        ("dead", True, True),
    ],
)
async def test_next_attempt_needs_evidence(
    signing_house: SigningHouse,
    signing: SigningActivities,
    outcome: str | None,
    *,
    has_evidence: bool,
    may_sign: bool,
) -> None:
    """A second nonce is taken only when stored evidence says that the first paid nothing."""
    owed = signing_house.owe()
    await sign(signing, signing_house.intent(owed))
    signing_house.execute(
        "INSERT INTO signer_view.attempts VALUES (%s, 1, %s, %s)",
        [owed.send_id, outcome, uuid4() if has_evidence else None],
    )
    second = signing_house.intent(owed, attempt=2)
    if may_sign:
        assert (await sign(signing, second)).nonce == FIRST_NONCE + 1
    else:
        assert await refused(signing, second) == Refusal.MAY_STILL_LAND
