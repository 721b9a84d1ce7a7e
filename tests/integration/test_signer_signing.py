"""The signer on a real database: pay once, refuse the rest, keep what was signed."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from chains.codecs.evm import EvmCodec, Payment, payment_of
from chains.codecs.keccak import keccak256
from chains.codecs.signatures import sender_of
from devstack.postgres import Postgres
from domain.errors import BadSignature
from domain.rules import Verdict
from domain.sends import SendKind, TxPurpose
from domain.signing import AddressRange, Refusal, SignedAnswer, SigningIntent
from signer import signing as signing_module
from signer.keys import Key, Signature
from signer.obligations import Obligation
from signer.records import SignedVariant, SignerDatabase, store_signature
from signer.signing import SigningActivities, Vault
from tests.support.signing import (
    CHAIN_ID,
    FIRST_NONCE,
    GWEI,
    NATIVE_ID,
    NETWORK,
    PAYEE,
    TOKEN,
    SigningHouse,
    build_house,
    make_intent,
    make_vault,
)

SIGNED = "signer.signatures"


@pytest.fixture(scope="session")
def vault(run_directory: Path) -> Vault:
    """Return two wallets and an account, made once."""
    return make_vault(run_directory / "signer-keystore")


@pytest.fixture
def house(postgres: Postgres, fresh_database: str, vault: Vault) -> SigningHouse:
    """Return a database with the signer's schema and nothing owed."""
    return build_house(postgres, fresh_database, vault)


@pytest.fixture
async def database(house: SigningHouse) -> AsyncIterator[SignerDatabase]:
    """Yield connections under a role that has exactly the signer's rights."""
    connections = SignerDatabase(SecretStr(house.signer_dsn), pool_size=8)
    await connections.open()
    yield connections
    await connections.close()


@pytest.fixture
def signing(house: SigningHouse, database: SignerDatabase) -> SigningActivities:
    """Return a signer of both wallets."""
    return house.signer(database)


@dataclass(frozen=True, slots=True)
class Impostor:
    """A key that claims to be another one's."""

    key: Key
    address: bytes

    def sign_digest(self, digest: bytes) -> Signature:
        return self.key.sign_digest(digest)


async def sign(signing: SigningActivities, intent: SigningIntent) -> SignedAnswer:
    """Ask as a worker would."""
    answer = await ActivityEnvironment().run(signing.sign, intent)
    assert isinstance(answer, SignedAnswer)
    return answer


async def refused(signing: SigningActivities, intent: SigningIntent) -> str:
    """Ask, expect a refusal and return its code."""
    with pytest.raises(ApplicationError) as caught:
        await sign(signing, intent)
    assert caught.value.type == "REFUSED_BY_SIGNER", caught.value
    assert caught.value.non_retryable
    return str(caught.value.details[0])


async def test_bytes_say_what_is_owed(house: SigningHouse, signing: SigningActivities) -> None:
    """The stored bytes are one plain transfer of the owed amount, signed by the granted wallet."""
    owed = house.owe()
    answer = await sign(signing, house.intent(owed))
    [(raw, txid, serial)] = house.execute(f"SELECT raw, txid, serial FROM {SIGNED}")
    stored = EvmCodec().decode(raw)
    assert answer == SignedAnswer(txid=keccak256(raw), nonce=FIRST_NONCE)
    assert (txid, serial) == (answer.txid, answer.nonce)
    assert stored.transaction.chain_id == CHAIN_ID
    assert stored.transaction.nonce == FIRST_NONCE
    assert payment_of(stored.transaction) == Payment(TOKEN, PAYEE, owed.amount)
    assert sender_of(stored) == house.wallet


async def test_native_coin_goes_to_the_payee(house: SigningHouse, signing: SigningActivities) -> None:
    """An obligation in the network's own coin becomes a value transfer without data."""
    owed = house.owe(asset_id=NATIVE_ID, withdrawal_asset_id=NATIVE_ID, contract=b"")
    await sign(signing, house.intent(owed))
    [(raw,)] = house.execute(f"SELECT raw FROM {SIGNED}")
    assert payment_of(EvmCodec().decode(raw).transaction) == Payment(b"", PAYEE, owed.amount)


async def test_fifty_at_once_sign_once(house: SigningHouse, signing: SigningActivities) -> None:
    """Fifty equal intents at the same time give one signature, one nonce and one answer."""
    intent = house.intent(house.owe())
    answers = await asyncio.gather(*[sign(signing, intent) for _ in range(50)])
    assert len({answer.txid for answer in answers}) == 1
    assert [answer.repeat for answer in answers].count(False) == 1
    assert house.count(SIGNED) == 1
    assert house.execute("SELECT max(next_nonce) FROM signer.nonce_lanes") == [(FIRST_NONCE + 1,)]


async def test_sends_take_consecutive_nonces(house: SigningHouse, signing: SigningActivities) -> None:
    """Twenty sends at once leave neither a gap nor a double in the lane."""
    intents = [house.intent(house.owe()) for _ in range(20)]
    answers = await asyncio.gather(*[sign(signing, intent) for intent in intents])
    assert sorted(answer.nonce for answer in answers) == list(range(FIRST_NONCE, FIRST_NONCE + 20))


async def test_wallets_have_lanes_of_their_own(house: SigningHouse, signing: SigningActivities) -> None:
    """Each wallet counts its own nonces."""
    for wallet in house.wallets:
        owed = house.owe(wallet=wallet)
        assert (await sign(signing, house.intent(owed, wallet=wallet))).nonce == FIRST_NONCE


async def test_crash_before_the_commit_leaves_nothing(
    house: SigningHouse, signing: SigningActivities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signer that dies after signing and before the commit has taken no nonce; the retry signs."""
    intent = house.intent(house.owe())

    async def store_and_die(connection: psycopg.AsyncConnection[Any], signed: SignedVariant) -> None:
        await store_signature(connection, signed)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(signing_module, "store_signature", store_and_die)
        with pytest.raises(ConnectionResetError):
            await sign(signing, intent)
    assert (house.count(SIGNED), house.count("signer.claims")) == (0, 0)
    assert (await sign(signing, intent)).nonce == FIRST_NONCE


async def test_repeat_after_a_restart_is_the_same(house: SigningHouse, signing: SigningActivities) -> None:
    """Another process answers with the stored hash, even for a newer plan, and even once nothing is owed."""
    owed = house.owe()
    first = await sign(signing, house.intent(owed))
    house.execute("DELETE FROM signer_view.owed")
    house.now_ms += 3_600_000
    connections = SignerDatabase(SecretStr(house.signer_dsn))
    await connections.open()
    try:
        again = await sign(house.signer(connections), house.intent(owed, max_fee=90 * GWEI))
    finally:
        await connections.close()
    assert again == SignedAnswer(txid=first.txid, nonce=first.nonce, repeat=True)
    assert house.count(SIGNED) == 1


@pytest.mark.parametrize("change", [{"purpose": TxPurpose.CANCEL}, {"wallet": "other"}])
async def test_repeat_with_another_content_conflicts(
    house: SigningHouse, signing: SigningActivities, change: dict[str, Any]
) -> None:
    """A signed variant asked for again as something else is a conflict, not a second signature."""
    owed = house.owe()
    await sign(signing, house.intent(owed))
    changes = {name: house.wallets[1] if value == "other" else value for name, value in change.items()}
    assert await refused(signing, house.intent(owed, **changes)) == Refusal.CONFLICT
    assert house.count(SIGNED) == 1


def forged(house: SigningHouse, owed: Obligation, chance: random.Random) -> SigningIntent:
    """Return an intent for an open obligation with one thing wrong, or for nothing at all."""
    wrong: list[dict[str, Any]] = [
        {"send_id": uuid4()},
        {"wallet": house.wallets[1]},
        {"wallet": chance.randbytes(20)},
        {"wallet": b""},
        {"network": "eip155:1"},
        {"kind": chance.choice([kind for kind in SendKind if kind is not SendKind.WITHDRAWAL])},
        {"attempt": chance.randint(2, 2**70)},
        {"attempt": -chance.randint(0, 9)},
        {"variant": chance.randint(2, 2**70)},
        {"variant": 0},
        {"purpose": chance.choice([TxPurpose.BUMP, TxPurpose.CANCEL])},
        {"fee_cap": 10**16 + chance.randint(1, 10**20)},
        {"gas_limit": chance.randint(200_001, 2**80)},
        {"gas_limit": chance.randint(-5, 20_999)},
        {"max_fee": chance.randint(10**12, 10**30)},
        {"max_fee": 0, "max_priority_fee": 0},
        {"max_priority_fee": 16 * GWEI + 1},
        {"max_priority_fee": -1},
        {"planned_at_ms": house.now_ms - chance.randint(60_001, 10**9)},
        {"planned_at_ms": house.now_ms + chance.randint(5_001, 10**9)},
    ]
    fields = house.intent(owed).model_dump() | chance.choice(wrong)
    return SigningIntent(**fields)


async def test_forged_intents_are_never_signed(
    house: SigningHouse, signing: SigningActivities, chance: random.Random
) -> None:
    """A hundred forged orders beside real obligations leave a hundred refusals and no signature."""
    obligations = [house.owe() for _ in range(5)]
    for _ in range(100):
        await refused(signing, forged(house, chance.choice(obligations), chance))
    assert house.count(SIGNED) == 0
    assert house.count("signer.claims") == 0
    assert house.count("signer.refusals") == 100
    assert house.execute("SELECT DISTINCT next_nonce FROM signer.nonce_lanes") == [(FIRST_NONCE,)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verdict": None}, Refusal.RULES_DISAGREE),
        ({"verdict": Verdict.REFUSE, "approvals": 2}, Refusal.RULES_DISAGREE),
        ({"verdict": Verdict.REVIEW}, Refusal.NOT_APPROVED),
        ({"amount": 20_000_001}, Refusal.NOT_OWED),
        ({"wallet": None}, Refusal.NOT_OWED),
        ({"contract": PAYEE}, Refusal.NOT_ALLOWED),
        ({"payee": TOKEN, "withdrawal_payee": TOKEN}, Refusal.NOT_ALLOWED),
    ],
)
async def test_rows_that_are_wrong_are_refused(
    house: SigningHouse, signing: SigningActivities, changes: dict[str, Any], code: Refusal
) -> None:
    """What the rows do not fully support is not signed, and the refusal is stored."""
    owed = house.owe(**changes)
    assert await refused(signing, house.intent(owed)) == code
    assert house.execute("SELECT code FROM signer.refusals") == [(code.value,)]
    assert house.count(SIGNED) == 0


async def test_approved_review_is_signed(house: SigningHouse, signing: SigningActivities) -> None:
    """A withdrawal that a person approved is signed like an allowed one."""
    owed = house.owe(verdict=Verdict.REVIEW, approvals=1)
    assert (await sign(signing, house.intent(owed))).nonce == FIRST_NONCE


async def test_own_addresses_are_not_paid(house: SigningHouse, signing: SigningActivities) -> None:
    """A deposit address of the house is no payee."""
    house.execute("INSERT INTO signer_view.watched VALUES ('evm', %s, 'deposit')", [PAYEE])
    assert await refused(signing, house.intent(house.owe())) == Refusal.NOT_ALLOWED


@pytest.mark.parametrize("scope", ["any", f"network/{NETWORK}", "asset/2", "wallet"])
async def test_kill_switch_stops_its_scope(
    house: SigningHouse, signing: SigningActivities, scope: str
) -> None:
    """A switch of any scope stops signing at once, and its removal opens it again."""
    named = f"wallet/{NETWORK}/0x{house.wallet.hex()}" if scope == "wallet" else scope
    intent = house.intent(house.owe())
    house.execute("INSERT INTO signer.switches (scope, why) VALUES (%s, 'a drill')", [named])
    assert await refused(signing, intent) == Refusal.STOPPED
    house.execute("DELETE FROM signer.switches")
    assert (await sign(signing, intent)).nonce == FIRST_NONCE


async def test_kill_switch_of_another_wallet_does_not_stop_this_one(
    house: SigningHouse, signing: SigningActivities
) -> None:
    """Suspicion on one wallet leaves the others signing."""
    other = f"wallet/{NETWORK}/0x{house.wallets[1].hex()}"
    house.execute("INSERT INTO signer.switches (scope, why) VALUES (%s, 'a drill')", [other])
    assert (await sign(signing, house.intent(house.owe()))).nonce == FIRST_NONCE


async def test_kill_file_stops_everything(
    house: SigningHouse, database: SignerDatabase, tmp_path: Path
) -> None:
    """While the file exists nothing is answered, not even a repeat."""
    stop_file = tmp_path / "stop"
    signing = house.signer(database, stop_file)
    intent = house.intent(house.owe())
    await sign(signing, intent)
    stop_file.touch()
    assert await refused(signing, intent) == Refusal.STOPPED


async def test_bump_replaces_and_cancel_pays_nobody(house: SigningHouse, signing: SigningActivities) -> None:
    """Variants of an attempt share its nonce: a bump pays the same, a cancel sends nothing to the wallet."""
    owed = house.owe()
    await sign(signing, house.intent(owed))
    raised = {"max_fee": 18 * GWEI, "max_priority_fee": 9 * GWEI}
    low = house.intent(owed, variant=2, purpose=TxPurpose.BUMP, **(raised | {"max_fee": 18 * GWEI - 1}))
    assert await refused(signing, low) == Refusal.BAD_VARIANT
    bumped = await sign(signing, house.intent(owed, variant=2, purpose=TxPurpose.BUMP, **raised))
    higher = {"max_fee": 21 * GWEI, "max_priority_fee": 11 * GWEI}
    ended = await sign(signing, house.intent(owed, variant=3, purpose=TxPurpose.CANCEL, **higher))
    assert bumped.nonce == ended.nonce == FIRST_NONCE
    rows = house.execute(f"SELECT raw FROM {SIGNED} ORDER BY variant")
    payments = [payment_of(EvmCodec().decode(raw).transaction) for (raw,) in rows]
    paid = Payment(TOKEN, PAYEE, owed.amount)
    assert payments == [paid, paid, Payment(b"", house.wallet, 0)]
    revived = {"max_fee": 40 * GWEI, "max_priority_fee": 20 * GWEI}
    again = house.intent(owed, variant=4, purpose=TxPurpose.BUMP, **revived)
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
    house: SigningHouse,
    signing: SigningActivities,
    outcome: str | None,
    *,
    has_evidence: bool,
    may_sign: bool,
) -> None:
    """A second nonce is taken only when stored evidence says that the first paid nothing."""
    owed = house.owe()
    await sign(signing, house.intent(owed))
    house.execute(
        "INSERT INTO signer_view.attempts VALUES (%s, 1, %s, %s)",
        [owed.send_id, outcome, uuid4() if has_evidence else None],
    )
    second = house.intent(owed, attempt=2)
    if may_sign:
        assert (await sign(signing, second)).nonce == FIRST_NONCE + 1
    else:
        assert await refused(signing, second) == Refusal.MAY_STILL_LAND


async def test_tombstone_forbids_signing(house: SigningHouse, signing: SigningActivities) -> None:
    """An attempt that was given up before it was signed is never signed."""
    owed = house.owe()
    house.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, fingerprint)"
        " VALUES (%s, 1, %s, %s, %s)",
        [owed.send_id, NETWORK, house.wallet, bytes(32)],
    )
    assert await refused(signing, house.intent(owed)) == Refusal.CONFLICT


async def test_used_nonce_is_never_used_again(house: SigningHouse, signing: SigningActivities) -> None:
    """If a lane ever offered a nonce that is claimed, the claim's key refuses it."""
    house.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
        " VALUES (%s, 1, %s, %s, %s, %s)",
        [uuid4(), NETWORK, house.wallet, FIRST_NONCE, bytes(32)],
    )
    assert await refused(signing, house.intent(house.owe())) == Refusal.CONFLICT
    assert house.count(SIGNED) == 0


async def test_bad_signature_stops_the_wallet(
    house: SigningHouse, database: SignerDatabase, vault: Vault
) -> None:
    """A key that signs for another address is Corrupt: nothing is stored and the wallet is stopped."""
    first, second = house.wallets
    impostor = Impostor(vault.wallets[second], first)
    impostors = SigningHouse(house.admin_dsn, house.signer_dsn, Vault({first: impostor}, {}))
    intent = house.intent(house.owe())
    with pytest.raises(ApplicationError) as caught:
        await sign(impostors.signer(database), intent)
    assert (caught.value.type, caught.value.non_retryable) == (BadSignature.code, True)
    assert house.count(SIGNED) == 0
    assert await refused(house.signer(database), intent) == Refusal.STOPPED


async def test_wallet_without_a_lane_waits(house: SigningHouse, signing: SigningActivities) -> None:
    """A wallet that nobody registered is a thing to repair, so the request is tried again."""
    intent = house.intent(house.owe(), wallet=house.wallet)
    house.execute("ALTER TABLE signer.nonce_lanes DISABLE TRIGGER never_removed")
    house.execute("DELETE FROM signer.nonce_lanes")
    with pytest.raises(ApplicationError) as caught:
        await sign(signing, intent)
    assert (caught.value.type, caught.value.non_retryable) == ("SIGNER_UNAVAILABLE", False)


async def test_database_outage_is_waited_out(house: SigningHouse) -> None:
    """Without its database the signer says unavailable, which is tried again."""
    nowhere = SignerDatabase(SecretStr("postgresql://signer@127.0.0.1:1/none"), wait_seconds=0.5)
    await nowhere.open()
    try:
        with pytest.raises(ApplicationError) as caught:
            await sign(house.signer(nowhere), make_intent(uuid4(), house.wallet))
    finally:
        await nowhere.close()
    assert (caught.value.type, caught.value.non_retryable) == ("SIGNER_UNAVAILABLE", False)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signer.claims",
        "UPDATE signer.signatures SET raw = ''",
        "TRUNCATE signer.signatures",
        "DELETE FROM signer.refusals",
        "DELETE FROM signer.nonce_lanes",
        "UPDATE signer.nonce_lanes SET next_nonce = next_nonce - 1",
    ],
)
async def test_history_is_append_only_for_everybody(
    house: SigningHouse, signing: SigningActivities, statement: str
) -> None:
    """Not even the superuser changes a claim, a signature or a refusal, or sets a lane back."""
    await sign(signing, house.intent(house.owe()))
    with pytest.raises(psycopg.IntegrityError):
        house.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signer.switches",
        "DELETE FROM signer.claims",
        "UPDATE signer.claims SET serial = 1",
        "INSERT INTO signer.nonce_lanes VALUES ('x', '\\x00', 0)",
        "INSERT INTO signer_view.owed (send_id) VALUES (NULL)",
        "DROP TABLE signer.switches",
    ],
)
async def test_signer_role_cannot_reopen_or_rewrite(house: SigningHouse, statement: str) -> None:
    """The role the process runs under may stop and sign, not reopen, register, owe or rewrite."""
    with psycopg.connect(house.signer_dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


async def test_addresses_are_confirmed_from_the_private_side(
    signing: SigningActivities, vault: Vault
) -> None:
    """A range of deposit addresses comes back in index order."""
    wanted = AddressRange(family="evm", account=0, first=3, last=5)
    confirmed = await ActivityEnvironment().run(signing.confirm_addresses, wanted)
    assert confirmed.addresses == vault.accounts["evm", 0].addresses(3, 5)
    assert (confirmed.family, confirmed.account, confirmed.first) == ("evm", 0, 3)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (AddressRange(family="evm", account=1, first=0, last=0), "NOT_FOUND"),
        (AddressRange(family="tron", account=0, first=0, last=0), "NOT_FOUND"),
        (AddressRange(family="evm", account=0, first=5, last=4), "REQUEST_INVALID"),
        (AddressRange(family="evm", account=0, first=0, last=1_000), "REQUEST_INVALID"),
        (AddressRange(family="evm", account=0, first=65_536, last=65_536), "REQUEST_INVALID"),
    ],
)
async def test_unknown_accounts_and_ranges_are_refused(
    signing: SigningActivities, wanted: AddressRange, code: str
) -> None:
    """What cannot be derived here is a final answer."""
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(signing.confirm_addresses, wanted)
    assert (caught.value.type, caught.value.non_retryable) == (code, True)
