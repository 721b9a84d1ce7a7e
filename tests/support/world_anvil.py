"""A real anvil as the network of a test's house: funded wallets, tokens at known addresses, mined by hand."""

from collections.abc import Iterable

from chains.codecs.abi import TRANSFER_TOPIC
from chains.codecs.keccak import keccak256
from devstack.anvil import Anvil
from devstack.tokens.deploying import deploy, deploy_plain, tokens_of
from domain.assets import Asset
from tests.support.chain_rigs import REVERTING_CODE

PLAIN = "plain"
BALANCES_SLOT = 7
"""Where the plain token keeps its balances: behind a lock, a name (3 words), a symbol (2) and the supply."""
ALLOWANCES_SLOT = 8
WORD_BYTES = 32
WITH_TRANSACTIONS = True
SUCCESS = "0x1"


class AnvilChain:
    """What tests do to the chain itself, past every proxy."""

    def __init__(self, anvil: Anvil) -> None:
        """Deploy the plain token once; its code is put wherever a test wants a token."""
        self.anvil = anvil
        self.base_fee: int | None = None
        self._codes = {PLAIN: str(anvil.rpc("eth_getCode", deploy_plain(anvil), "latest"))}

    @property
    def height(self) -> int:
        return int(str(self.anvil.rpc("eth_blockNumber")), 16)

    @property
    def pool(self) -> int:
        """How many transactions wait for a block, in line or behind a gap."""
        found = self.anvil.rpc("txpool_status")
        assert isinstance(found, dict)
        return sum(int(str(count), 16) for count in found.values())

    def place_token(self, contract: bytes, holders: Iterable[bytes], units: int) -> None:
        """Put the plain token at an address of our choice, where each of these holds so many units."""
        self.place_code(contract, PLAIN)
        for holder in holders:
            self.give_tokens(contract, holder, units)

    def place_code(self, contract: bytes, source: str, arguments: bytes = b"") -> None:
        """Put the contract of `<source>.vy` at an address of our choice; what is stored there stays.

        The first time it is deployed, in a block of its own.
        """
        if source not in self._codes:
            deployed = deploy(self.anvil, source, arguments)
            self._codes[source] = str(self.anvil.rpc("eth_getCode", deployed, "latest"))
        self.anvil.rpc("anvil_setCode", _text(contract), self._codes[source])

    def let_spend(self, contract: bytes, owner: bytes, spender: bytes, units: int) -> None:
        """Let somebody move so much of what another holds of a placed token."""
        of_owner = keccak256(ALLOWANCES_SLOT.to_bytes(WORD_BYTES, "big") + owner.rjust(WORD_BYTES, b"\x00"))
        slot = keccak256(of_owner + spender.rjust(WORD_BYTES, b"\x00"))
        self.anvil.rpc(
            "anvil_setStorageAt", _text(contract), _text(slot), _text(units.to_bytes(WORD_BYTES, "big"))
        )

    def give_tokens(self, contract: bytes, holder: bytes, units: int) -> None:
        """Set what somebody holds of a placed token."""
        slot = keccak256(BALANCES_SLOT.to_bytes(WORD_BYTES, "big") + holder.rjust(WORD_BYTES, b"\x00"))
        self.anvil.rpc(
            "anvil_setStorageAt", _text(contract), _text(slot), _text(units.to_bytes(WORD_BYTES, "big"))
        )
        assert tokens_of(self.anvil, _text(contract), _text(holder)) == units

    def place_refusing(self, contract: bytes) -> None:
        """Put a contract there that takes no coins."""
        self.anvil.rpc("anvil_setCode", _text(contract), REVERTING_CODE)

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks, each at `base_fee` if a test has set one."""
        for _ in range(1 if self.base_fee is None else blocks):
            if self.base_fee is not None:
                self.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(self.base_fee))
            self.anvil.mine(blocks if self.base_fee is None else 1)

    def submit(self, raw: bytes) -> None:
        """Hand signed bytes to the pool; raises RpcError if it does not want them."""
        self.anvil.rpc("eth_sendRawTransaction", _text(raw))

    def forget(self, txid: bytes) -> None:
        """Let the pool drop a transaction, as nodes do without a word."""
        self.anvil.rpc("anvil_dropTransaction", _text(txid))

    def held(self, asset: Asset, address: bytes) -> int:
        """Units that an address holds in the newest block."""
        if asset.contract:
            return tokens_of(self.anvil, _text(asset.contract), _text(address))
        return int(str(self.anvil.rpc("eth_getBalance", _text(address), "latest")), 16)

    def nonce(self, wallet: bytes) -> int:
        """How many transactions a wallet has in blocks."""
        return int(str(self.anvil.rpc("eth_getTransactionCount", _text(wallet), "latest")), 16)

    def is_mined(self, txid: str) -> bool:
        """Whether a transaction stands in a block."""
        return self.anvil.rpc("eth_getTransactionReceipt", txid) is not None

    def payments_to(self, payee: bytes) -> int:
        """A fresh scan of every block: successful payments of coins and tokens to somebody."""
        wanted = {
            "fromBlock": "0x0",
            "topics": [_text(TRANSFER_TOPIC), None, _text(payee.rjust(WORD_BYTES, b"\x00"))],
        }
        logs = self.anvil.rpc("eth_getLogs", wanted)
        assert isinstance(logs, list)
        return len(logs) + sum(self._pays_coins(payee, height) for height in range(self.height + 1))

    def _pays_coins(self, payee: bytes, height: int) -> int:
        block = self.anvil.rpc("eth_getBlockByNumber", hex(height), WITH_TRANSACTIONS)
        assert isinstance(block, dict)
        hits = [
            entry["hash"]
            for entry in block["transactions"]
            if entry["to"] == _text(payee) and int(entry["value"], 16)
        ]
        receipts = [self.anvil.rpc("eth_getTransactionReceipt", txid) for txid in hits]
        return sum(isinstance(receipt, dict) and receipt["status"] == SUCCESS for receipt in receipts)


def _text(value: bytes) -> str:
    return "0x" + value.hex()
