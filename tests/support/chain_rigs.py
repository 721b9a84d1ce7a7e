"""The chains that the contract suite runs on, with the same levers: the in-memory chain and a real anvil."""

from typing import Protocol
from uuid import UUID, uuid5

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chains.codecs.keccak import keccak256
from chains.evm.client import EvmClient, EvmNetwork
from chains.evm.costs import FeePolicy
from chains.evm.reader import EvmReader
from chains.evm.writer import EvmWriter
from chains.gateway import ChainReader, ChainWriter
from chains.memory import Faults, MemoryReader, MemoryWriter
from chains.memory_blocks import MemoryChain
from devstack.anvil import Anvil
from devstack.tokens.deploying import deploy_plain, send_tokens
from domain.assets import Asset, AssetKind, NetworkId
from domain.onchain import BlockEffects, BlockRef
from domain.sends import AttemptView, SendIntent, SendKind, SendPlan, SignedTx

COINS = 10**21
TOKENS = 10**12
FINALITY_DEPTH = 4
GAS_ROOM = 200_000
REFUSING = bytes.fromhex("00000000000000000000000000000000000c0de1")
REVERTING_CODE = "0x60006000fd"
SPACE = UUID("6f1e8a3a-7b0d-4b53-9a54-1d8a5d6c2f10")


def key_of(name: str) -> LocalAccount:
    """An account whose key follows from its name."""
    account: LocalAccount = Account.from_key(keccak256(name.encode()))
    return account


def address_of(account: LocalAccount) -> bytes:
    """Raw address of an account."""
    return bytes.fromhex(account.address[2:])


def stranger(number: int) -> bytes:
    """An address outside the system that nobody has used."""
    return keccak256(b"stranger" + number.to_bytes(4, "big"))[-20:]


class ChainRig(Protocol):
    """A network with a funded payer, and levers that move the network itself.

    A block is final under `finality_depth` others. `refusing` is an address that takes no coins. Where
    `reads_heads` is false, balances are read as of the final block alone. Of many payments a `token_share`
    is of the token, which some chains are slow at.
    """

    network: NetworkId
    native: Asset
    token: Asset
    coins: int
    tokens: int
    token_share: float
    payer: LocalAccount
    reader: ChainReader
    writer: ChainWriter

    @property
    def finality_depth(self) -> int: ...

    @property
    def refusing(self) -> bytes: ...

    @property
    def reads_heads(self) -> bool: ...

    def mine(self, blocks: int = 1) -> None: ...

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by empty ones; what stood in them is forgotten."""
        ...

    def sign(self, send: SendIntent, plan: SendPlan, serial: int) -> SignedTx:
        """Bytes of a planned send, made by another library than the one under test."""
        ...

    def view(self, serial: int, *signed: SignedTx) -> AttemptView:
        """The attempt of the payer that these transactions are variants of."""
        ...

    async def next_serial(self) -> int:
        """A serial that the payer has not used on the present branch."""
        ...

    def nonce(self, serial: int) -> int | None:
        """What a block says that the transaction of a serial counted."""
        ...

    def with_room(self, plan: SendPlan) -> SendPlan:
        """The same plan with room for every state the payee may be in."""
        ...

    async def close(self) -> None: ...


class NonceRig:
    """What rigs share whose wallets count their transactions."""

    network: NetworkId
    payer: LocalAccount
    reader: ChainReader
    coins = COINS
    tokens = TOKENS
    token_share = 0.5
    finality_depth = FINALITY_DEPTH
    refusing = REFUSING
    reads_heads = True

    def sign(self, send: SendIntent, plan: SendPlan, serial: int) -> SignedTx:
        return sign_for_chain(self.payer, send, plan, serial, int(self.network.partition(":")[2]))

    def view(self, serial: int, *signed: SignedTx) -> AttemptView:
        return AttemptView(address_of(self.payer), serial, tuple(tx.txid for tx in signed))

    async def next_serial(self) -> int:
        head = (await self.reader.heads()).latest.ref
        return await self.reader.nonce_at(address_of(self.payer), head) or 0

    def nonce(self, serial: int) -> int | None:
        return serial

    def with_room(self, plan: SendPlan) -> SendPlan:
        return plan.model_copy(
            update={"gas_limit": max(plan.gas_limit, GAS_ROOM), "max_fee": plan.max_fee * 2}
        )


class MemoryRig(NonceRig):
    """The in-memory chain."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.network = NetworkId("eip155:7777")
        self.payer = key_of("payer")
        self.native, self.token = _assets(self.network, stranger(1_000_000))
        holder = address_of(self.payer)
        self.chain = MemoryChain(
            self.network,
            coins={holder: COINS},
            tokens={self.token.contract: {holder: TOKENS}},
            refusing=frozenset({REFUSING}),
            finality_depth=FINALITY_DEPTH,
        )
        self.reader: ChainReader = MemoryReader(self.chain, faults)
        self.writer: ChainWriter = MemoryWriter(self.chain, faults)

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def reorg(self, depth: int) -> None:
        self.chain.reorg(depth)

    async def close(self) -> None:
        await self.reader.close()
        await self.writer.close()


class AnvilRig(NonceRig):
    """A real anvil that mines only when told to, read at `urls` (its own, or servers in front of it)."""

    def __init__(self, anvil: Anvil, urls: tuple[str, ...] = ()) -> None:
        self.anvil = anvil
        self.network = NetworkId(f"eip155:{anvil.chain_id}")
        self.payer = key_of("payer")
        anvil.fund(self.payer.address, COINS)
        contract = deploy_plain(anvil)
        send_tokens(anvil, contract, anvil.accounts()[0], self.payer.address, TOKENS)
        anvil.rpc("anvil_setCode", "0x" + REFUSING.hex(), REVERTING_CODE)
        anvil.mine()
        self.native, self.token = _assets(self.network, bytes.fromhex(contract[2:]))
        nodes = urls or (anvil.url,)
        websocket = nodes[0].replace("http", "ws", 1)
        self.client = EvmClient(EvmNetwork(self.network, nodes, is_devnet=True, websocket_url=websocket))
        self.reader: ChainReader = EvmReader(self.client)
        self.writer: ChainWriter = EvmWriter(self.client, FeePolicy())

    def mine(self, blocks: int = 1) -> None:
        self.anvil.mine(blocks)

    def reorg(self, depth: int) -> None:
        self.anvil.reorg(depth)

    async def close(self) -> None:
        await self.client.close()


def intent(rig: ChainRig, asset: Asset, payee: bytes, amount: int, *, fee_cap: int = 10**16) -> SendIntent:
    """A withdrawal from the payer; equal wishes have equal ids."""
    return SendIntent(
        send_id=uuid5(SPACE, f"{asset.code}/{payee.hex()}/{amount}"),
        kind=SendKind.WITHDRAWAL,
        network=rig.network,
        wallet=address_of(rig.payer),
        payee=payee,
        contract=asset.contract,
        amount=amount,
        fee_cap=fee_cap,
    )


def sign(rig: ChainRig, send: SendIntent, plan: SendPlan, serial: int) -> SignedTx:
    """Bytes of a planned send from the payer."""
    return rig.sign(send, plan, serial)


def sign_for_chain(
    payer: LocalAccount, send: SendIntent, plan: SendPlan, nonce: int, chain_id: int
) -> SignedTx:
    """The bytes of a send on the EVM chain of this number."""
    to, value, data = send.payee, send.amount, b""
    if send.contract:
        to, value = send.contract, 0
        data = bytes.fromhex("a9059cbb") + bytes(12) + send.payee + send.amount.to_bytes(32, "big")
    signed = payer.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "gas": plan.gas_limit,
            "maxFeePerGas": plan.max_fee,
            "maxPriorityFeePerGas": plan.max_priority_fee,
            "to": to,
            "value": value,
            "data": data,
        }
    )
    return SignedTx(bytes(signed.hash), bytes(signed.raw_transaction))


async def signed_payment(rig: ChainRig, asset: Asset, payee: bytes, amount: int, serial: int) -> SignedTx:
    """Plan and sign one payment; nobody has seen it yet."""
    send = intent(rig, asset, payee, amount)
    return sign(rig, send, await rig.writer.plan(send), serial)


async def pay(rig: ChainRig, asset: Asset, payee: bytes, amount: int, serial: int) -> SignedTx:
    """Plan, sign and broadcast one payment; it waits in the pool until a block is mined."""
    signed = await signed_payment(rig, asset, payee, amount, serial)
    await rig.writer.broadcast(signed)
    return signed


async def mined(rig: ChainRig) -> BlockEffects:
    """The next block, mined now and read by its hash."""
    rig.mine()
    return await rig.reader.block((await rig.reader.heads()).latest.ref.hash)


async def readable(rig: ChainRig) -> BlockRef:
    """The newest block whose balances can be read: the head, or the head once it is final."""
    if not rig.reads_heads:
        rig.mine(rig.finality_depth)
        return (await rig.reader.heads()).final.ref
    return (await rig.reader.heads()).latest.ref


async def held(rig: ChainRig, who: bytes, asset: Asset) -> int:
    """What an address holds after everything that was mined."""
    return (await rig.reader.balance(who, asset, await readable(rig))).amount


def _assets(network: NetworkId, contract: bytes) -> tuple[Asset, Asset]:
    return (
        Asset(1, "ETH", network, AssetKind.NATIVE, 18),
        Asset(2, "TUSD", network, AssetKind.TOKEN, 6, contract),
    )
