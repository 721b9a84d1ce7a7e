"""The signer on own transfers: deposit keys that sweep, gas under a daily cap, payees nobody chooses."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from temporalio.testing import ActivityEnvironment

from chains.codecs.evm import EvmCodec, payment_of
from chains.codecs.payments import Payment
from chains.codecs.signatures import sender_of
from domain.sends import SendKind
from domain.signing import ForbidAnswer, ForbidRequest, ForbidVerdict, Refusal
from signer.keystore_keys import Keystore
from signer.records import SignerDatabase
from signer.signing import SigningActivities, Vault
from tests.support.signing import (
    FEE_CAP,
    GAS_DAY_MAX,
    NATIVE_ID,
    NETWORK,
    PASSWORD,
    PAYEE,
    SCRYPT_COST_IN_TESTS,
    TOKEN,
    TOKEN_ID,
    SigningHouse,
    make_intent,
    make_terms,
)
from tests.support.signing_asks import refused, sign

INDEX = 3
AMOUNT = 20_000_000
COLUMNS = (
    "send_id, kind, chain_id, asset_id, contract, payee, amount, fee_cap, wallet, source, transfer_payee,"
    " posted_amount, transfer_network, transfer_asset_id"
)


class OwnHouse:
    """A signing house with a deposit account, whose second wallet is for gas."""

    def __init__(self, house: SigningHouse, vault: Vault, database: SignerDatabase) -> None:
        self.house = house
        self.accounts = vault.accounts
        self.hot, self.gas = house.wallets
        self.cold = bytes([0xC0]) * 20
        self.deposit = self.address(INDEX)
        terms = make_terms([self.hot], gas=[self.gas], cold=[self.cold])
        self.signing = SigningActivities(database, vault, {NETWORK: terms}, lambda: house.now_ms)
        self.watch(self.deposit, INDEX)

    def address(self, index: int) -> bytes:
        return self.accounts["eip155", 0].addresses(index, index)[0]

    def watch(self, address: bytes, index: int) -> None:
        """Say in the rows that an address is a deposit address with this index."""
        self.house.execute(
            "INSERT INTO signer_view.watched VALUES ('eip155', %s, 'deposit', 0, %s)", [address, index]
        )

    def owe(self, kind: SendKind, wallet: bytes, payee: bytes, /, **changes: Any) -> UUID:  # noqa: ANN401 - any
        """Write an own transfer where the signer reads it."""
        is_native = kind is SendKind.GAS
        row = {
            "send_id": uuid4(),
            "kind": kind.value,
            "chain_id": NETWORK,
            "asset_id": NATIVE_ID if is_native else TOKEN_ID,
            "contract": b"" if is_native else TOKEN,
            "payee": payee,
            "amount": AMOUNT,
            "fee_cap": FEE_CAP,
            "wallet": wallet,
            "source": wallet,
            "transfer_payee": payee,
            "posted_amount": AMOUNT,
            "transfer_network": NETWORK,
            "transfer_asset_id": NATIVE_ID if is_native else TOKEN_ID,
        } | changes
        places = ", ".join(["%s"] * len(row))
        self.house.execute(
            f"INSERT INTO signer_view.owed_transfers ({COLUMNS}) VALUES ({places})", tuple(row.values())
        )
        assert isinstance(row["send_id"], UUID)
        return row["send_id"]

    def lane(self, wallet: bytes) -> list[tuple[Any, ...]]:
        return self.house.execute("SELECT next_nonce FROM signer.nonce_lanes WHERE wallet = %s", [wallet])


@pytest.fixture(scope="module")
def own_vault(run_directory: Any) -> Vault:  # noqa: ANN401 - a path
    """Two wallets and the account of deposit addresses, made once."""
    keystore = Keystore(run_directory / "own-keystore", PASSWORD, scrypt_cost=SCRYPT_COST_IN_TESTS)
    for _ in range(2):
        keystore.create_wallet()
    keystore.create_account("eip155", 0)
    return Vault(wallets=keystore.wallets(), accounts=keystore.accounts())


@pytest.fixture
def vault(own_vault: Vault) -> Vault:
    """The vault that the signing house is built with."""
    return own_vault


@pytest.fixture
def own(signing_house: SigningHouse, vault: Vault, signer_database: SignerDatabase) -> OwnHouse:
    """A house with nothing owed."""
    return OwnHouse(signing_house, vault, signer_database)


async def test_a_sweep_is_signed_by_the_deposit_key_from_nonce_0(own: OwnHouse) -> None:
    """The address has no lane before its first sweep; the signer opens it where a fresh address stands."""
    assert own.lane(own.deposit) == []
    answers = [
        await sign(
            own.signing,
            make_intent(own.owe(SendKind.SWEEP, own.deposit, own.hot), own.deposit, kind=SendKind.SWEEP),
        )
        for _ in range(2)
    ]
    assert [answer.nonce for answer in answers] == [0, 1]
    rows = own.house.execute("SELECT raw FROM signer.signatures ORDER BY serial")
    for (raw,) in rows:
        stored = EvmCodec().decode(raw)
        assert sender_of(stored) == own.deposit
        assert payment_of(stored.transaction) == Payment(TOKEN, own.hot, AMOUNT)
    assert own.lane(own.deposit) == [(2,)]


@pytest.mark.parametrize(
    ("payee", "changes", "code"),
    [
        ("stranger", {}, Refusal.NOT_ALLOWED),
        ("cold", {}, Refusal.NOT_ALLOWED),
        ("gas", {}, Refusal.NOT_ALLOWED),
        ("hot", {"posted_amount": AMOUNT - 1}, Refusal.NOT_OWED),
        ("hot", {"transfer_payee": PAYEE}, Refusal.NOT_OWED),
        ("hot", {"source": PAYEE}, Refusal.NOT_OWED),
        ("hot", {"kind": "refill"}, Refusal.NOT_OWED),
        ("hot", {"contract": PAYEE}, Refusal.NOT_ALLOWED),
    ],
)
async def test_a_sweep_pays_what_was_posted_to_a_pinned_wallet(
    own: OwnHouse, payee: str, changes: dict[str, Any], code: Refusal
) -> None:
    """Rows that say something else sign nothing, whoever wrote them."""
    payees = {"stranger": PAYEE, "cold": own.cold, "gas": own.gas, "hot": own.hot}
    send = own.owe(SendKind.SWEEP, own.deposit, payees[payee], **changes)
    assert await refused(own.signing, make_intent(send, own.deposit, kind=SendKind.SWEEP)) == code
    assert own.house.count("signer.signatures") == 0


async def test_an_address_of_others_is_never_swept(own: OwnHouse) -> None:
    """A row that gives a stranger's address an index of ours finds no key there, and opens no lane."""
    own.watch(PAYEE, INDEX + 1)
    send = own.owe(SendKind.SWEEP, PAYEE, own.hot)
    assert await refused(own.signing, make_intent(send, PAYEE, kind=SendKind.SWEEP)) == Refusal.UNKNOWN_KIND
    assert own.lane(PAYEE) == []


async def test_gas_goes_to_derived_addresses_only(own: OwnHouse) -> None:
    """To a deposit address it is signed; an address that only the rows call ours gets nothing."""
    good = own.owe(SendKind.GAS, own.gas, own.deposit)
    await sign(own.signing, make_intent(good, own.gas, kind=SendKind.GAS))
    own.watch(PAYEE, INDEX + 1)
    bad = own.owe(SendKind.GAS, own.gas, PAYEE)
    assert await refused(own.signing, make_intent(bad, own.gas, kind=SendKind.GAS)) == Refusal.NOT_ALLOWED


async def test_gas_stops_at_the_days_cap(own: OwnHouse) -> None:
    """Amount and fee cap count together, up to the cap exactly; another day begins anew."""
    part = GAS_DAY_MAX // 2 - FEE_CAP
    for _ in range(2):
        send = own.owe(SendKind.GAS, own.gas, own.deposit, amount=part, posted_amount=part)
        await sign(own.signing, make_intent(send, own.gas, kind=SendKind.GAS))
    over = make_intent(own.owe(SendKind.GAS, own.gas, own.deposit), own.gas, kind=SendKind.GAS)
    assert await refused(own.signing, over) == Refusal.CAP
    assert Refusal.CAP.means_not_now
    with psycopg.connect(own.house.admin_dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE signer.claims SET claimed_at = claimed_at - interval '25 hours'")
    await sign(own.signing, over)


async def test_two_top_ups_at_once_do_not_pass_the_cap_together(own: OwnHouse) -> None:
    """The lane is locked while the day is counted."""
    most = GAS_DAY_MAX - FEE_CAP
    sends = [own.owe(SendKind.GAS, own.gas, own.deposit, amount=most, posted_amount=most) for _ in range(2)]
    asked = [sign(own.signing, make_intent(send, own.gas, kind=SendKind.GAS)) for send in sends]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, Exception) for answer in answers) == 1


@pytest.mark.parametrize(
    ("kind", "payee", "code"),
    [
        (SendKind.TO_COLD, "cold", None),
        (SendKind.TO_COLD, "stranger", Refusal.NOT_ALLOWED),
        (SendKind.TO_COLD, "hot", Refusal.NOT_ALLOWED),
        (SendKind.REFILL, "hot", Refusal.NOT_ALLOWED),
        (SendKind.REFILL, "gas", Refusal.NOT_ALLOWED),
        (SendKind.REFILL, "cold", Refusal.NOT_ALLOWED),
    ],
)
async def test_moves_pay_pinned_wallets(
    own: OwnHouse, kind: SendKind, payee: str, code: Refusal | None
) -> None:
    """A hot wallet pays the cold address of the policy file, and no wallet pays itself."""
    payees = {"stranger": PAYEE, "cold": own.cold, "gas": own.gas, "hot": own.hot}
    intent = make_intent(own.owe(kind, own.hot, payees[payee]), own.hot, kind=kind)
    if code is None:
        await sign(own.signing, intent)
    else:
        assert await refused(own.signing, intent) == code


async def test_a_sweep_without_a_lane_can_be_buried(own: OwnHouse) -> None:
    """It was never signed: a tombstone is written, and a late request finds it."""
    send = own.owe(SendKind.SWEEP, own.deposit, own.hot)
    wanted = ForbidRequest(send_id=send, network=NETWORK, wallet=own.deposit)
    answer = await ActivityEnvironment().run(own.signing.forbid_signing, wanted)
    assert answer == ForbidAnswer(verdict=ForbidVerdict.FORBIDDEN, attempt=1)
    late = make_intent(send, own.deposit, kind=SendKind.SWEEP)
    assert await refused(own.signing, late) == Refusal.CONFLICT


async def test_the_signer_opens_lanes_at_0_only(own: OwnHouse) -> None:
    """Its role may name no nonce when it opens a lane, so nobody talks it into leaving one out."""
    with (
        psycopg.connect(own.house.signer_dsn) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(
            "INSERT INTO signer.nonce_lanes (chain_id, wallet, next_nonce) VALUES (%s, %s, 5)",
            [NETWORK, PAYEE],
        )
