"""The signer on Tron, on a real database: what the bytes say, whose stamp they carry, what is refused."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from chains.codecs.tron import TronCodec, TronTransaction, encode_unsigned, payment_of, signing_digest
from domain.sends import SendKind, TxPurpose
from domain.signing import Refusal, SignedAnswer
from signer.keystore_keys import Keystore, KeystoreKey
from signer.records import SignerDatabase
from signer.signing import Vault
from tests.support.signing import (
    FIRST_NONCE,
    NOW_MS,
    PASSWORD,
    PAYEE,
    SCRYPT_COST_IN_TESTS,
    TOKEN,
    SigningHouse,
)
from tests.support.signing_asks import refused, sign
from tests.support.signing_tron import (
    ACTIVE,
    ENERGY,
    EXPIRES_MS,
    REFERENCE,
    SUN_PER_ENERGY,
    SWEPT,
    TRON_FEE_CAP,
    TronHouse,
    tron_intent,
)

CODEC = TronCodec()


@pytest.fixture
def tron(signing_house: SigningHouse, signer_database: SignerDatabase) -> TronHouse:
    """A house with nothing owed on either network."""
    return TronHouse(signing_house, signer_database)


def transactions(tron: TronHouse) -> list[TronTransaction]:
    """Every signed transaction, read back from its stored bytes."""
    return [CODEC.decode(raw).transaction for raw in tron.raws()]


async def test_bytes_say_what_is_owed(tron: TronHouse) -> None:
    """N8: permission and fee limit are in the bytes, no memo is, and the id is theirs, taken here."""
    owed = tron.owe()
    answer = await sign(tron.signer(), tron.intent(owed))
    (raw,) = tron.raws()
    stored = CODEC.decode(raw)
    assert payment_of(stored.transaction) == Payment(TOKEN, PAYEE, owed.amount)
    assert stored.transaction == TronTransaction(
        ref_block_bytes=REFERENCE[6:8],
        ref_block_hash=REFERENCE[8:16],
        expiration_ms=EXPIRES_MS,
        timestamp_ms=NOW_MS,
        contract=stored.transaction.contract,
        permission_id=ACTIVE,
        fee_limit=ENERGY * SUN_PER_ENERGY,
    )
    assert stored.transaction.contract.owner == sender_of(stored) == tron.house.wallet
    assert answer == SignedAnswer(txid=sha256(encode_unsigned(stored.transaction)).digest(), nonce=None)


async def test_trx_go_to_the_payee_without_energy(tron: TronHouse) -> None:
    """An obligation in the network's own coin becomes a transfer with no fee limit: it burns no energy."""
    owed = tron.owe_trx()
    await sign(tron.signer(), tron.intent(owed))
    (paid,) = transactions(tron)
    assert (payment_of(paid), paid.fee_limit) == (Payment(b"", PAYEE, owed.amount), 0)


async def test_equal_payments_of_one_millisecond_have_stamps_of_their_own(tron: TronHouse) -> None:
    """T13: twenty equal payments at once are twenty transactions, because a wallet's stamps only rise."""
    intents = [tron.intent(tron.owe()) for _ in range(20)]
    answers = await asyncio.gather(*[sign(tron.signer(), intent) for intent in intents])
    stamps = [one.timestamp_ms for one in transactions(tron)]
    assert stamps == list(range(NOW_MS, NOW_MS + 20))
    assert len({answer.txid for answer in answers}) == 20
    assert {answer.nonce for answer in answers} == {None}


async def test_stamps_follow_the_clock_and_never_go_back(tron: TronHouse) -> None:
    """A clock that runs on is followed; one that was set back is not."""
    clocks = [NOW_MS, NOW_MS + 900, NOW_MS + 300]
    for clock in clocks:
        tron.house.now_ms = clock
        await sign(tron.signer(), tron.intent(tron.owe()))
    assert [one.timestamp_ms for one in transactions(tron)] == [NOW_MS, NOW_MS + 900, NOW_MS + 901]
    assert tron.lane() == NOW_MS + 902


async def test_one_key_pays_on_both_families_from_lanes_of_their_own(tron: TronHouse) -> None:
    """A stamp taken on Tron moves no nonce, and a nonce no stamp."""
    signing = tron.signer()
    on_tron = await sign(signing, tron.intent(tron.owe()))
    on_evm = await sign(signing, tron.house.intent(tron.house.owe()))
    assert (on_tron.nonce, on_evm.nonce) == (None, FIRST_NONCE)
    assert tron.lane() == NOW_MS + 1


async def test_a_repeat_is_the_same_bytes(tron: TronHouse) -> None:
    """C13: a newer plan with another reference and a later end gets the first bytes, however old they are."""
    owed = tron.owe()
    first = await sign(tron.signer(), tron.intent(owed))
    tron.house.now_ms += 3_600_000
    newer = {"expires_ms": EXPIRES_MS + 3_600_000, "reference": bytes(32), "max_fee": 2 * SUN_PER_ENERGY}
    again = await sign(tron.signer(), tron.intent(owed, **newer))
    assert again == SignedAnswer(txid=first.txid, nonce=None, repeat=True)
    assert len(tron.raws()) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"gas_limit": 0}, Refusal.FEE_CAP, id="a call without energy"),
        pytest.param({"gas_limit": 200_001}, Refusal.FEE_CAP, id="more energy than the file allows"),
        pytest.param({"max_fee": 300}, Refusal.FEE_CAP, id="a fee limit above the cap"),
        pytest.param({"max_priority_fee": 1}, Refusal.FEE_CAP, id="a tip"),
        pytest.param({"fee_cap": TRON_FEE_CAP + 1}, Refusal.FEE_CAP, id="a higher cap than the row's"),
        pytest.param({"planned_at_ms": NOW_MS - 60_001}, Refusal.PLAN_STALE, id="an old plan"),
        pytest.param({"expires_ms": NOW_MS}, Refusal.PLAN_STALE, id="expired"),
        pytest.param({"expires_ms": 0}, Refusal.PLAN_STALE, id="no expiration"),
        pytest.param({"expires_ms": NOW_MS + 600_001}, Refusal.PLAN_STALE, id="a long life"),
        pytest.param({"reference": b""}, Refusal.PLAN_STALE, id="no reference"),
        pytest.param({"reference": REFERENCE[:31]}, Refusal.PLAN_STALE, id="half a reference"),
        pytest.param({"purpose": TxPurpose.CANCEL}, Refusal.BAD_VARIANT, id="a cancel"),
        pytest.param({"variant": 2}, Refusal.BAD_VARIANT, id="a second variant"),
        pytest.param({"network": "tron:0xcd8690dc"}, Refusal.UNKNOWN_KIND, id="another network"),
        pytest.param({"kind": SendKind.ENERGY}, Refusal.UNKNOWN_KIND, id="a kind nobody owes"),
    ],
)
async def test_terms_out_of_bounds_take_no_stamp(
    tron: TronHouse, changes: dict[str, Any], code: Refusal
) -> None:
    """A refused wish leaves the lane where it was, and its reason in a row."""
    owed = tron.owe()
    assert await refused(tron.signer(), tron.intent(owed, **changes)) == code
    assert tron.house.execute("SELECT code FROM signer.refusals") == [(code.value,)]
    assert (tron.raws(), tron.lane()) == ([], 0)


@pytest.mark.parametrize("purpose", [TxPurpose.BUMP, TxPurpose.CANCEL])
async def test_nothing_replaces_a_payment(tron: TronHouse, purpose: TxPurpose) -> None:
    """A signed payment ends by landing or by expiring; there is no second variant of it."""
    owed = tron.owe()
    await sign(tron.signer(), tron.intent(owed))
    second = tron.intent(owed, variant=2, purpose=purpose, max_fee=2 * SUN_PER_ENERGY)
    assert await refused(tron.signer(), second) == Refusal.BAD_VARIANT
    assert len(tron.raws()) == 1


async def test_the_next_attempt_is_another_transaction(tron: TronHouse) -> None:
    """Only after evidence of death; it names a newer block and has a later stamp, so its id is its own."""
    owed = tron.owe()
    first = await sign(tron.signer(), tron.intent(owed))
    tron.house.now_ms += 180_000
    terms = {"planned_at_ms": tron.house.now_ms, "expires_ms": tron.house.now_ms + 120_000}
    second = tron.intent(owed, attempt=2, **terms)
    assert await refused(tron.signer(), second) == Refusal.MAY_STILL_LAND
    tron.house.execute("INSERT INTO signer_view.attempts VALUES (%s, 1, 'dead', %s)", [owed.send_id, uuid4()])
    answer = await sign(tron.signer(), second)
    assert answer.txid != first.txid
    assert [payment_of(one) for one in transactions(tron)] == [Payment(TOKEN, PAYEE, owed.amount)] * 2


async def test_a_hot_key_that_the_owner_permits_pays_from_the_owners_account(tron: TronHouse) -> None:
    """The account's own key is cold: the bytes name the account, the signature is the permitted key's."""
    key, account = KeystoreKey(b"\x37" * 32), tron.house.wallet
    permitted = {"keys": {account: key.address}, "permissions": {account: 5}}
    signing = tron.signer(Vault({key.address: key}, {}), **permitted)
    await sign(signing, tron.intent(tron.owe()))
    stored = CODEC.decode(tron.raws()[0])
    assert (stored.transaction.contract.owner, stored.transaction.permission_id) == (account, 5)
    assert sender_of(stored) == key.address != account


async def test_a_sweep_is_signed_by_the_owner_of_the_deposit_address(tron: TronHouse, tmp_path: Path) -> None:
    """A deposit address is a plain account of the Tron branch: its one key is its owner's, permission 0."""
    keystore = Keystore(tmp_path, PASSWORD, scrypt_cost=SCRYPT_COST_IN_TESTS)
    keystore.create_account("tron", 0)
    vault = Vault(tron.house.vault.wallets, keystore.accounts())
    (deposit,) = vault.accounts["tron", 0].addresses(3, 3)
    send_id = tron.owe_sweep(deposit, index=3)
    answer = await sign(tron.signer(vault), tron_intent(send_id, deposit, kind=SendKind.SWEEP))
    stored = CODEC.decode(tron.raws()[0])
    assert answer.txid == signing_digest(stored.transaction)
    assert (stored.transaction.permission_id, sender_of(stored)) == (0, deposit)
    assert payment_of(stored.transaction) == Payment(TOKEN, tron.house.wallet, SWEPT)
