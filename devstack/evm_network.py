"""An EVM network of the house: anvil, a test token on it, and wallets with coins that are final."""

from secrets import token_bytes

from chains.codecs.address_forms import ADDRESS_BYTES
from chains.codecs.evm_addresses import checksum_text
from devstack.anvil import Anvil
from devstack.callers import wait_for
from devstack.house_files import hex_text
from devstack.local_chains import FamilyTerms, SeededNetwork
from devstack.tokens.deploying import deploy_plain, send_tokens, tokens_of
from domain.assets import Asset, AssetKind, NetworkId
from signer.keystore_keys import Keystore

EVM = FamilyTerms(
    family="eip155",
    coin_funding=50 * 10**18,
    token_funding=500_000 * 10**6,
    gas_funding=5 * 10**18,
    gas_day_max=10**18,
    coin_price_max=5_000 * 10**6,
    gas_limit_max=300_000,
    fee_cap=2 * 10**16,
)
TREASURY, STRANGER = 0, 5
"""Places of accounts that anvil signs for."""


class LocalEvm(Anvil):
    """anvil as strangers and the auditor use it."""

    @property
    def network(self) -> NetworkId:
        return NetworkId(f"{EVM.family}:{self.chain_id}")

    def read_address(self, text: str) -> bytes:
        return bytes.fromhex(text.removeprefix("0x"))

    def show_address(self, address: bytes) -> str:
        return checksum_text(address)

    def pay(self, contract: bytes, payee: bytes, units: int) -> str:
        """The stranger is given the tokens first: this token's whole supply is the treasury's."""
        treasury, stranger = (self.accounts()[place] for place in (TREASURY, STRANGER))
        if not contract:
            return self._pay_coins(stranger, payee, units)
        token = hex_text(contract)
        had = tokens_of(self, token, stranger)
        send_tokens(self, token, treasury, stranger, units)
        wait_for(lambda: tokens_of(self, token, stranger) >= had + units, "the stranger's tokens")
        return send_tokens(self, token, stranger, hex_text(payee), units)

    def endow(self, contract: bytes, payee: bytes, units: int) -> str:
        """Let the treasury pay, whose money is that of the house."""
        treasury = self.accounts()[TREASURY]
        if contract:
            return send_tokens(self, hex_text(contract), treasury, hex_text(payee), units)
        return self._pay_coins(treasury, payee, units)

    def held(self, contract: bytes, holder: bytes) -> int:
        if contract:
            return tokens_of(self, hex_text(contract), hex_text(holder))
        return int(str(self.rpc("eth_getBalance", hex_text(holder), "latest")), 16)

    def block_of(self, txid: str) -> int | None:
        receipt = self.rpc("eth_getTransactionReceipt", txid)
        return int(str(receipt["blockNumber"]), 16) if isinstance(receipt, dict) else None

    def height(self) -> int:
        """The height of the newest block."""
        return int(str(self.rpc("eth_blockNumber")), 16)

    def _pay_coins(self, payer: str, payee: bytes, units: int) -> str:
        sent = {"from": payer, "to": hex_text(payee), "value": hex(units)}
        return str(self.rpc("eth_sendTransaction", sent))


def found_evm(
    chain: LocalEvm, first_id: int, keystore: Keystore, hot_wallets: int, *, is_dry: bool
) -> SeededNetwork[LocalEvm]:
    """Deploy the token, draw and fund the wallets, and wait until the block that shows it is final.

    The assets are numbered from `first_id`. The hot wallets of a dry network get no tokens. Nobody has the
    key of the cold address.
    """
    treasury = chain.accounts()[TREASURY]
    contract = chain.read_address(deploy_plain(chain, name="Tether USD", symbol="USDT", deployer=treasury))
    wallets = tuple(keystore.create_wallet() for _ in range(hot_wallets))
    gas = keystore.create_wallet()
    for wallet in wallets:
        chain.endow(b"", wallet, EVM.coin_funding)
        if not is_dry:
            chain.endow(contract, wallet, EVM.token_funding)
    chain.endow(b"", gas, EVM.gas_funding)
    chain.mine(1)
    start = chain.height()
    while chain.final_height() < start:
        chain.mine(1)
    return SeededNetwork(
        chain=chain,
        terms=EVM,
        coin=Asset(first_id, "ETH", chain.network, AssetKind.NATIVE, 18),
        token=Asset(first_id + 1, "USDT", chain.network, AssetKind.TOKEN, 6, contract),
        wallets=wallets,
        start_height=start,
        gas=gas,
        cold=token_bytes(ADDRESS_BYTES),
        connection=f'websocket = "{chain.url.replace("http", "ws", 1)}"',
    )
