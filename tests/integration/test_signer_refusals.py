"""What the signer refuses on a real database, and what it only postpones."""

import random
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from domain.errors import BadSignature
from domain.rules import Verdict
from domain.sends import SendKind, TxPurpose
from domain.signing import Refusal, SigningIntent
from signer.keys import Key, Signature
from signer.obligations import Obligation
from signer.records import SignerDatabase
from signer.signing import SigningActivities, Vault
from tests.support.signing import FIRST_NONCE, GWEI, NETWORK, PAYEE, TOKEN, SigningHouse, make_intent
from tests.support.signing_asks import refused, sign

SIGNED = "signer.signatures"


@dataclass(frozen=True, slots=True)
class Impostor:
    """A key that claims to be another one's."""

    key: Key
    address: bytes

    def sign_digest(self, digest: bytes) -> Signature:
        return self.key.sign_digest(digest)


def forged(signing_house: SigningHouse, owed: Obligation, chance: random.Random) -> SigningIntent:
    """Return an intent for an open obligation with one thing wrong, or for nothing at all."""
    wrong: list[dict[str, Any]] = [
        {"send_id": uuid4()},
        {"wallet": signing_house.wallets[1]},
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
        {"planned_at_ms": signing_house.now_ms - chance.randint(60_001, 10**9)},
        {"planned_at_ms": signing_house.now_ms + chance.randint(5_001, 10**9)},
    ]
    fields = signing_house.intent(owed).model_dump() | chance.choice(wrong)
    return SigningIntent(**fields)


async def test_forged_intents_are_never_signed(
    signing_house: SigningHouse, signing: SigningActivities, chance: random.Random
) -> None:
    """A hundred forged orders beside real obligations leave a hundred refusals and no signature."""
    obligations = [signing_house.owe() for _ in range(5)]
    for _ in range(100):
        await refused(signing, forged(signing_house, chance.choice(obligations), chance))
    assert signing_house.count(SIGNED) == 0
    assert signing_house.count("signer.claims") == 0
    assert signing_house.count("signer.refusals") == 100
    assert signing_house.execute("SELECT DISTINCT next_nonce FROM signer.nonce_lanes") == [(FIRST_NONCE,)]


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
    signing_house: SigningHouse, signing: SigningActivities, changes: dict[str, Any], code: Refusal
) -> None:
    """What the rows do not fully support is not signed, and the refusal is stored."""
    owed = signing_house.owe(**changes)
    assert await refused(signing, signing_house.intent(owed)) == code
    assert signing_house.execute("SELECT code FROM signer.refusals") == [(code.value,)]
    assert signing_house.count(SIGNED) == 0


async def test_own_addresses_are_not_paid(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """A deposit address of the house is no payee."""
    signing_house.execute("INSERT INTO signer_view.watched VALUES ('evm', %s, 'deposit', 0, 0)", [PAYEE])
    assert await refused(signing, signing_house.intent(signing_house.owe())) == Refusal.NOT_ALLOWED


async def test_a_frozen_wallet_signs_nothing(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """What the follower stopped trusting is stopped here too, without a switch of its own."""
    signing_house.execute(
        "INSERT INTO signer_view.frozen_wallets VALUES (%s, %s)", [NETWORK, signing_house.wallet]
    )
    assert await refused(signing, signing_house.intent(signing_house.owe())) == Refusal.STOPPED


async def test_a_raised_cap_allows_more_and_never_above_the_policy(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """Two people raise what the row allows; the signer's own bound stays."""
    bound = 60_000 * GWEI
    owed = signing_house.owe(fee_cap=bound // 2)
    fees = {"gas_limit": 60_000, "max_fee": GWEI, "max_priority_fee": 1, "fee_cap": bound}
    assert await refused(signing, signing_house.intent(owed, **fees)) == Refusal.FEE_CAP
    signing_house.execute("INSERT INTO signer_view.raised_caps VALUES (%s, %s)", [owed.send_id, bound])
    assert (await sign(signing, signing_house.intent(owed, **fees))).nonce == FIRST_NONCE
    other = signing_house.owe(fee_cap=bound)
    signing_house.execute("INSERT INTO signer_view.raised_caps VALUES (%s, %s)", [other.send_id, 10**30])
    fees |= {"max_fee": 10**21, "fee_cap": 10**30}
    assert await refused(signing, signing_house.intent(other, **fees)) == Refusal.FEE_CAP


async def test_tombstone_forbids_signing(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """An attempt that was given up before it was signed is never signed."""
    owed = signing_house.owe()
    signing_house.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, fingerprint)"
        " VALUES (%s, 1, %s, %s, %s)",
        [owed.send_id, NETWORK, signing_house.wallet, bytes(32)],
    )
    assert await refused(signing, signing_house.intent(owed)) == Refusal.CONFLICT


async def test_used_nonce_is_never_used_again(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """If a lane ever offered a nonce that is claimed, the claim's key refuses it."""
    signing_house.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
        " VALUES (%s, 1, %s, %s, %s, %s)",
        [uuid4(), NETWORK, signing_house.wallet, FIRST_NONCE, bytes(32)],
    )
    assert await refused(signing, signing_house.intent(signing_house.owe())) == Refusal.CONFLICT
    assert signing_house.count(SIGNED) == 0


async def test_bad_signature_stops_the_wallet(
    signing_house: SigningHouse, signer_database: SignerDatabase, vault: Vault
) -> None:
    """A key that signs for another address is Corrupt: nothing is stored and the wallet is stopped."""
    first, second = signing_house.wallets
    impostor = Impostor(vault.wallets[second], first)
    impostors = SigningHouse(signing_house.admin_dsn, signing_house.signer_dsn, Vault({first: impostor}, {}))
    intent = signing_house.intent(signing_house.owe())
    with pytest.raises(ApplicationError) as caught:
        await sign(impostors.signer(signer_database), intent)
    assert (caught.value.type, caught.value.non_retryable) == (BadSignature.code, True)
    assert signing_house.count(SIGNED) == 0
    assert await refused(signing_house.signer(signer_database), intent) == Refusal.STOPPED


async def test_wallet_without_a_lane_waits(signing_house: SigningHouse, signing: SigningActivities) -> None:
    """A wallet that nobody registered is a thing to repair, so the request is tried again."""
    intent = signing_house.intent(signing_house.owe(), wallet=signing_house.wallet)
    signing_house.execute("ALTER TABLE signer.nonce_lanes DISABLE TRIGGER never_removed")
    signing_house.execute("DELETE FROM signer.nonce_lanes")
    with pytest.raises(ApplicationError) as caught:
        await sign(signing, intent)
    assert (caught.value.type, caught.value.non_retryable) == ("SIGNER_UNAVAILABLE", False)


async def test_database_outage_is_waited_out(signing_house: SigningHouse) -> None:
    """Without its database the signer says unavailable, which is tried again."""
    nowhere = SignerDatabase(SecretStr("postgresql://signer@127.0.0.1:1/none"), wait_seconds=0.5)
    await nowhere.open()
    try:
        with pytest.raises(ApplicationError) as caught:
            await sign(signing_house.signer(nowhere), make_intent(uuid4(), signing_house.wallet))
    finally:
        await nowhere.close()
    assert (caught.value.type, caught.value.non_retryable) == ("SIGNER_UNAVAILABLE", False)
