"""A Tron network of the house: the devnet, its USDT, and wallets with coins and stake that are solid."""

from pathlib import Path
from secrets import token_bytes

from tronpy import Tron
from tronpy.keys import PrivateKey
from tronpy.providers import HTTPProvider

from chains.codecs.address_forms import ADDRESS_BYTES
from chains.codecs.tron import TronCodec, TronSigned, TronTransaction, reference_of, signing_digest
from chains.codecs.tron_contracts import Contract, FreezeBalanceV2, Resource
from devstack.local_chains import FamilyTerms, SeededNetwork
from devstack.tron.addresses import parse, show
from devstack.tron.node import TronDevnet
from domain.assets import Asset, AssetKind, NetworkId
from signer.keys import Key, sign_checked
from signer.keystore_keys import Keystore

SUN = 10**6
TRON = FamilyTerms(
    family="tron",
    coin_funding=20_000 * SUN,
    token_funding=500_000 * 10**6,
    gas_funding=5_000 * SUN,
    gas_day_max=1_000 * SUN,
    coin_price_max=10**6,
    gas_limit_max=300_000,
    fee_cap=100 * SUN,
    delegation_max=100_000 * SUN,
    standing=50_000 * SUN,
    burn_day_max=100_000 * SUN,
)
STAKE = 1_000_000 * SUN
"""What the energy wallet has staked for contract calls."""
TREASURY, STRANGER = 0, 5
"""Numbers of accounts whose keys everybody knows."""
FEE_LIMIT = 50 * SUN
PREFIX = b"\x41"
LIFETIME_MS = 60_000


class LocalTron(TronDevnet):
    """The devnet as strangers and the auditor use it; strangers pay with tronpy, as it is."""

    def __init__(self, directory: Path, *, slot_ms: int) -> None:
        super().__init__(directory, slot_ms=slot_ms)
        self._is_live = False

    @property
    def network(self) -> NetworkId:
        return NetworkId(f"{TRON.family}:0x{self.dev('status')['genesis_id'][-8:]}")

    def read_address(self, text: str) -> bytes:
        return parse(text)[len(PREFIX) :]

    def show_address(self, address: bytes) -> str:
        return show(PREFIX + address)

    def pay(self, contract: bytes, payee: bytes, units: int) -> str:
        return self._pay(STRANGER, contract, payee, units)

    def endow(self, contract: bytes, payee: bytes, units: int) -> str:
        """Let the treasury pay, whose money is that of the house."""
        return self._pay(TREASURY, contract, payee, units)

    def held(self, contract: bytes, holder: bytes) -> int:
        """What stands in solid blocks: TRX that is staked, lent or on its way back belongs to its owner."""
        owner = (PREFIX + holder).hex()
        if contract:
            return self._tokens(contract, holder)
        account = self.ask("walletsolidity/getaccount", address=owner)
        lent = account.get("account_resource", {}).get("delegated_frozenV2_balance_for_energy", 0)
        lent += account.get("delegated_frozenV2_balance_for_bandwidth", 0)
        staked = sum(part.get("amount", 0) for part in account.get("frozenV2", []))
        leaving = sum(part.get("unfreeze_amount", 0) for part in account.get("unfrozenV2", []))
        return int(account.get("balance", 0) + lent + staked + leaving)

    def block_of(self, txid: str) -> int | None:
        info = self.ask("wallet/gettransactioninfobyid", value=txid.removeprefix("0x"))
        return int(info["blockNumber"]) if "blockNumber" in info else None

    def final_height(self) -> int:
        return int(self.ask("walletsolidity/getnowblock")["block_header"]["raw_data"]["number"])

    def energy_of(self, holder: bytes) -> int:
        """What the stake behind an address yields in a day, its own or lent."""
        answer = self.ask("wallet/getaccountresource", address=(PREFIX + holder).hex())
        return int(answer.get("EnergyLimit", 0))

    def cost_of(self, txid: str) -> dict[str, int]:
        """What the network took for a transaction, as its node tells: energy, bytes, and sun for either."""
        info = self.ask("walletsolidity/gettransactioninfobyid", value=txid.removeprefix("0x"))
        receipt = info["receipt"]
        return {
            "fee": info.get("fee", 0),
            "energy": receipt.get("energy_usage_total", 0),
            "energy_burnt": receipt.get("energy_fee", 0),
            "bandwidth": receipt.get("net_usage", 0),
            "bandwidth_burnt": receipt.get("net_fee", 0),
        }

    def go_live(self) -> None:
        """Make a block in each slot of real time from now on, after a restart too."""
        self._is_live = True
        self.dev("produce", on=True)

    def start(self) -> None:
        super().start()
        if self._is_live:
            self.go_live()

    def send_as(self, key: Key, contract: Contract) -> str:
        """Let somebody with a key of the house sign and send a contract of Tron by hand."""
        reference = bytes.fromhex(self.ask("walletsolidity/getnowblock")["blockID"])
        now_ms = int(self.ask("wallet/getnowblock")["block_header"]["raw_data"]["timestamp"])
        block_bytes, block_hash = reference_of(reference)
        unsigned = TronTransaction(block_bytes, block_hash, now_ms + LIFETIME_MS, now_ms, contract)
        signature = sign_checked(key, signing_digest(unsigned))
        raw = TronCodec().encode(TronSigned(unsigned, signature.y_parity, signature.r, signature.s))
        answer = self.ask("wallet/broadcasthex", transaction=raw.hex())
        if not answer.get("result"):
            raise RuntimeError(f"the devnet refuses: {answer}")
        return "0x" + str(answer["txid"])

    def _pay(self, account: int, contract: bytes, payee: bytes, units: int) -> str:
        client = Tron(HTTPProvider(self.url))
        secret, sender = self.account(account)
        to = self.show_address(payee)
        if contract:
            token = client.get_contract(self.show_address(contract))
            sending = token.functions.transfer(to, units).with_owner(sender).fee_limit(FEE_LIMIT)
        else:
            sending = client.trx.transfer(sender, to, units)
        sent = sending.build().sign(PrivateKey(secret)).broadcast()
        return "0x" + str(sent["txid"])

    def _tokens(self, contract: bytes, holder: bytes) -> int:
        answer = self.ask(
            "walletsolidity/triggerconstantcontract",
            owner_address=(PREFIX + holder).hex(),
            contract_address=(PREFIX + contract).hex(),
            function_selector="balanceOf(address)",
            parameter=bytes(12).hex() + holder.hex(),
        )
        return int(answer["constant_result"][0], 16)


def found_tron(
    chain: LocalTron, first_id: int, keystore: Keystore, hot_wallets: int
) -> SeededNetwork[LocalTron]:
    """Draw and fund the wallets, stake for energy, wait until all of it is solid, and let the clock run.

    The assets are numbered from `first_id`. Blocks come as fast as they are made until then, because the
    genesis is hours old. Nobody has the key of the cold address.
    """
    usdt = chain.contracts.usdt[len(PREFIX) :]
    wallets = tuple(keystore.create_wallet() for _ in range(hot_wallets))
    gas, energy = keystore.create_wallet(), keystore.create_wallet()
    for wallet in wallets:
        chain.endow(b"", wallet, TRON.coin_funding)
        chain.endow(usdt, wallet, TRON.token_funding)
    chain.endow(b"", gas, TRON.gas_funding)
    chain.endow(b"", energy, STAKE + TRON.gas_funding)
    chain.mine()
    chain.send_as(keystore.wallets()[energy], FreezeBalanceV2(energy, STAKE, Resource.ENERGY))
    chain.mine()
    chain.solidify()
    start = chain.final_height()
    chain.go_live()
    return SeededNetwork(
        chain=chain,
        terms=TRON,
        coin=Asset(first_id, "TRX", chain.network, AssetKind.NATIVE, 6),
        token=Asset(first_id + 1, "USDT", chain.network, AssetKind.TOKEN, 6, usdt),
        wallets=wallets,
        start_height=start,
        gas=gas,
        cold=token_bytes(ADDRESS_BYTES),
        connection=f'hints = "{chain.zmq_url}"',
        energy=energy,
    )
