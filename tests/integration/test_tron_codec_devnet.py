"""The codec before a node that reads transactions with another one: what it takes, and under which id."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from chains.codecs.abi import encode_transfer
from chains.codecs.tron import (
    TronCodec,
    TronSigned,
    TronTransaction,
    encode_unsigned,
    reference_of,
    signing_digest,
)
from chains.codecs.tron_contracts import (
    Contract,
    DelegateResource,
    FreezeBalanceV2,
    Resource,
    Transfer,
    Trigger,
    UnDelegateResource,
    from_wire,
)
from devstack.tron.node import TronDevnet
from signer.keys import sign_checked
from signer.keystore_keys import KeystoreKey
from tests.support.tron_devnet import FEE_LIMIT, SUN

CODEC = TronCodec()
ACTIVE = 2
LIFE_MS = 60_000
STAKE = 2_000 * SUN


class Payer:
    """A funded account that signs by its active permission and sends what it signed."""

    def __init__(self, net: TronDevnet) -> None:
        self._net = net
        self._key = KeystoreKey(net.account(1)[0])
        self.address = self._key.address
        self.usdt = from_wire(net.contracts.usdt)
        self.payee = KeystoreKey(net.account(2)[0]).address

    def transaction(self, contract: Contract, memo: bytes = b"") -> TronTransaction:
        """Bind a contract to the newest solid block, as every transaction of ours is."""
        solid = self._net.ask("walletsolidity/getnowblock")
        head_ms = self._net.ask("wallet/getnowblock")["block_header"]["raw_data"]["timestamp"]
        ref_block_bytes, ref_block_hash = reference_of(bytes.fromhex(solid["blockID"]))
        return TronTransaction(
            ref_block_bytes=ref_block_bytes,
            ref_block_hash=ref_block_hash,
            expiration_ms=head_ms + LIFE_MS,
            timestamp_ms=head_ms + 1,
            contract=contract,
            permission_id=ACTIVE,
            fee_limit=FEE_LIMIT,
            memo=memo,
        )

    def signed(self, transaction: TronTransaction) -> bytes:
        signature = sign_checked(self._key, signing_digest(transaction))
        return CODEC.encode(TronSigned(transaction, signature.y_parity, signature.r, signature.s))

    def send(self, raw: bytes) -> dict[str, object]:
        answer: dict[str, object] = self._net.ask("wallet/broadcasthex", transaction=raw.hex())
        return answer


@pytest.fixture
def payer(devnet: TronDevnet) -> Payer:
    """The first account of the devnet."""
    return Payer(devnet)


ROWS: list[tuple[str, Callable[[Payer], Contract], bytes]] = [
    ("TRX", lambda who: Transfer(who.address, who.payee, 5), b""),
    ("TRX with a memo", lambda who: Transfer(who.address, who.payee, 6), b"hello"),
    ("token", lambda who: Trigger(who.address, who.usdt, encode_transfer(who.payee, 7)), b""),
    ("token with a memo", lambda who: Trigger(who.address, who.usdt, encode_transfer(who.payee, 8)), b"\xff"),
    ("stake", lambda who: FreezeBalanceV2(who.address, STAKE, Resource.ENERGY), b""),
    ("lend", lambda who: DelegateResource(who.address, who.payee, SUN, Resource.ENERGY), b""),
    ("take back", lambda who: UnDelegateResource(who.address, who.payee, SUN, Resource.ENERGY), b""),
]


def test_the_id_taken_here_is_the_id_on_chain(devnet: TronDevnet, payer: Payer) -> None:
    """N8: every contract we sign lands under its local id, memo and permission included."""
    for name, contract, memo in ROWS:
        transaction = payer.transaction(contract(payer), memo)
        raw = payer.signed(transaction)
        txid = CODEC.txid(raw).hex()
        answer = payer.send(raw)
        assert (answer.get("result"), answer.get("txid")) == (True, txid), (name, answer)
        devnet.mine()
        stored = devnet.ask("wallet/gettransactionbyid", value=txid)
        assert stored["raw_data_hex"] == encode_unsigned(transaction).hex(), name
        assert stored["raw_data"]["contract"][0]["Permission_id"] == ACTIVE, name
        assert stored["raw_data"].get("data", "") == memo.hex(), name
        assert "blockNumber" in devnet.ask("wallet/gettransactioninfobyid", value=txid), name


def test_changed_bytes_are_another_transaction_there_too(payer: Payer) -> None:
    """Another permission or memo under the old signature is refused: both are under the signature."""
    transaction = payer.transaction(Transfer(payer.address, payer.payee, 9))
    fields = CODEC.decode(payer.signed(transaction))
    for changed in (replace(transaction, permission_id=0), replace(transaction, memo=b"x")):
        raw = CODEC.encode(replace(fields, transaction=changed))
        assert CODEC.txid(raw) == sha256(encode_unsigned(changed)).digest() != signing_digest(transaction)
        assert payer.send(raw)["code"] == "SIGERROR"
