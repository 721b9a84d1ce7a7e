"""A Tron devnet as the network of a test's house: what tests do to the chain itself, past both adapters."""

from typing import Any

from coincurve import PrivateKey

from chains.codecs.abi import TRANSFER_TOPIC
from chains.codecs.hdkeys import address_of
from chains.codecs.payments import Payment
from chains.codecs.tron import (
    TronCodec,
    TronSigned,
    TronTransaction,
    contract_of,
    reference_of,
    signing_digest,
)
from chains.codecs.tron_addresses import base58_text
from chains.codecs.tron_contracts import to_wire
from devstack.tron.node import TronDevnet
from domain.assets import Asset
from domain.sends import SignedTx

LIFE_MS = 600_000
FEE_LIMIT = 100 * 10**6
BALANCE_OF = "balanceOf(address)"
BLOCKS_AT_ONCE = 100
GIVER = 1
"""The funded account of the genesis that hands out tokens."""


class DevnetChain:
    """The devnet past every fault: levers, balances, and a fresh scan of its blocks."""

    def __init__(self, net: TronDevnet) -> None:
        self.net = net
        self.start = self.height
        self.withheld: set[bytes] = set()
        """Transactions that no block takes."""
        self._given = 0

    @property
    def genesis(self) -> bytes:
        return bytes.fromhex(str(self.net.dev("status")["genesis_id"]))

    @property
    def time_ms(self) -> int:
        return int(self.net.dev("status")["head_ms"])

    @property
    def height(self) -> int:
        return int(self.net.dev("status")["head"])

    def mine(self, blocks: int = 1) -> None:
        """Make blocks; the first takes what waits and is not withheld."""
        self.net.mine(blocks, without=[txid.hex() for txid in self.withheld])

    def give(self, holder: bytes, *, coins: int, tokens: int = 0) -> None:
        """Hand out TRX from nowhere and USDT from an account of the genesis; the next block holds both."""
        self.net.fund(base58_text(holder), coins)
        if tokens:
            secret, _ = self.net.account(GIVER)
            self._given += 1
            payment = Payment(self.net.contracts.usdt[1:], holder, tokens)
            self.submit(self.sign(secret, payment, self._given).raw)

    def sign(
        self, secret: bytes, payment: Payment, number: int, *, permission_id: int = 0, memo: bytes = b""
    ) -> SignedTx:
        """Somebody's payment by their own key; the `number` keeps equal ones apart."""
        status, key = self.net.dev("status"), PrivateKey(secret)
        owner = address_of(key.public_key.format())
        head_ms = int(status["head_ms"])
        ref_block_bytes, ref_block_hash = reference_of(bytes.fromhex(str(status["solid_id"])))
        transaction = TronTransaction(
            ref_block_bytes=ref_block_bytes,
            ref_block_hash=ref_block_hash,
            expiration_ms=head_ms + LIFE_MS,
            timestamp_ms=head_ms + number,
            contract=contract_of(payment, owner),
            permission_id=permission_id,
            memo=memo,
            fee_limit=FEE_LIMIT if payment.contract else 0,
        )
        signature = key.sign_recoverable(signing_digest(transaction), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = TronCodec().encode(TronSigned(transaction, signature[64], r, s))
        return SignedTx(TronCodec().txid(raw), raw)

    def submit(self, raw: bytes) -> None:
        """Hand signed bytes to the first node's pool, which has to take them."""
        answer = self.net.ask("wallet/broadcasthex", transaction=raw.hex())
        assert answer.get("result") is True, answer

    def held(self, asset: Asset, address: bytes) -> int:
        """Units that an address holds in the newest block, with what waits for the next one."""
        if not asset.contract:
            return int(self.net.ask("wallet/getaccount", address=to_wire(address).hex()).get("balance", 0))
        called = self.net.ask(
            "wallet/triggerconstantcontract",
            owner_address=to_wire(asset.contract).hex(),
            contract_address=to_wire(asset.contract).hex(),
            function_selector=BALANCE_OF,
            parameter=address.rjust(32, b"\x00").hex(),
        )
        return int(called["constant_result"][0], 16)

    def payments_to(self, payee: bytes) -> int:
        """A fresh scan of every block: successful payments of coins and tokens to somebody."""
        paid = 0
        for first in range(self.start, self.height + 1, BLOCKS_AT_ONCE):
            found = self.net.ask("wallet/getblockbylimitnext", startNum=first, endNum=first + BLOCKS_AT_ONCE)
            for block in found.get("block", []):
                paid += sum(self._pays(entry, payee) for entry in block.get("transactions", []))
        return paid

    def block_of(self, txid: bytes) -> int | None:
        """The height of the block that holds a transaction."""
        found = self.net.ask("wallet/gettransactioninfobyid", value=txid.hex())
        return None if "blockNumber" not in found else int(found["blockNumber"])

    def _pays(self, entry: dict[str, Any], payee: bytes) -> int:
        contract = entry["raw_data"]["contract"][0]
        if contract["type"] == "TransferContract":
            return int(contract["parameter"]["value"]["to_address"] == to_wire(payee).hex())
        info = self.net.ask("wallet/gettransactioninfobyid", value=entry["txID"])
        wanted = [TRANSFER_TOPIC.hex(), payee.rjust(32, b"\x00").hex()]
        return sum([log["topics"][0], log["topics"][2]] == wanted for log in info.get("log", []))
