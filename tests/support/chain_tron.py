"""The Tron devnet in this process, asked by the adapter over HTTP like any node, with levers at hand."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from chains.codecs.keccak import keccak256
from chains.gateway import ChainReader, ChainWriter
from chains.tron.client import TronClient, TronNetwork
from chains.tron.costs import TronPolicy
from chains.tron.reader import TronReader
from chains.tron.writer import TronWriter
from devstack.faults.exchange import Layer
from devstack.faults.scripts import Script
from devstack.processes import LOCALHOST, free_port
from devstack.tron.addresses import PREFIX
from devstack.tron.contract_messages import Action, TriggerSmartContract, pack
from devstack.tron.contradicting import Contradiction
from devstack.tron.genesis import (
    ACCOUNT_SUN,
    USDT_EACH,
    DevContracts,
    dev_address,
    dev_contracts,
    dev_key,
)
from devstack.tron.levers import Levers
from devstack.tron.messages import RawTransaction, TransactionEnvelope, TransferContract
from devstack.tron.program import Settings, _listen, make_chain
from devstack.tron.schema import encode
from devstack.tron.surface import Surface
from devstack.tron.triggers import Triggers
from devstack.tron.verdicts import ResponseCode
from devstack.tron.views import Node
from domain.assets import Asset, AssetKind, NetworkId
from domain.onchain import BlockEffects
from domain.sends import AttemptView, SendIntent, SendPlan, SignedTx
from tests.support.chain_rigs import address_of, intent

FINALITY_DEPTH = 18
BACKDATED_MS = 43_200_000
SIGNATURE_V = 27
SERIALS_APART = 100
PAYER = 1
HOLDER = 2
ROOM = 1_000_000


class TronRig:
    """A chain that mines only when told to, two nodes upon it, and the adapter over the first of them."""

    coins = ACCOUNT_SUN
    tokens = USDT_EACH
    token_share = 0.1
    finality_depth = FINALITY_DEPTH
    reads_heads = False
    reader: ChainReader
    writer: ChainWriter

    def __init__(self, levers: Levers, surfaces: list[Surface], urls: tuple[str, ...], zmq_url: str) -> None:
        self.levers = levers
        self.chain = levers.chain
        self.surfaces = surfaces
        self.urls = urls
        self.zmq_url = zmq_url
        self.contracts: DevContracts = dev_contracts()
        self.payer: LocalAccount = Account.from_key(dev_key(PAYER).secret)
        self.network = NetworkId(f"tron:0x{self.chain.genesis_block.id[-4:].hex()}")
        self.native = Asset(1, "TRX", self.network, AssetKind.NATIVE, 6)
        self.token = Asset(2, "USDT", self.network, AssetKind.TOKEN, 6, self.contracts.usdt[1:])
        self.clients: list[TronClient] = []
        self.client = self.connect(urls[:1])
        self.reader = TronReader(self.client)
        self.writer = TronWriter(self.client, TronPolicy())
        self._plans: dict[bytes, SendPlan] = {}
        self._serials = 0

    @property
    def refusing(self) -> bytes:
        return self.contracts.hollow[1:]

    def connect(self, urls: tuple[str, ...], **settings: object) -> TronClient:
        """Another client of the same network."""
        network = TronNetwork(
            self.network,
            urls,
            is_devnet=True,
            hints_url=self.zmq_url,
            **settings,  # type: ignore[arg-type]  # the fields of the network
        )
        self.clients.append(TronClient(network))
        return self.clients[-1]

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def reorg(self, depth: int) -> None:
        head = self.chain.head.number
        if head - depth < self.chain.solid.number:
            self.surfaces[0].node.contradiction = Contradiction(head - depth + 1)
            return
        popped = [self.chain.block_at(number) for number in range(head - depth + 1, head + 1)]
        self.chain.fork(depth, without=[one.txid for block in popped if block for one in block.transactions])

    def sign(self, send: SendIntent, plan: SendPlan, serial: int) -> SignedTx:
        signed = self.sign_action(payment(send), plan, serial)
        self._plans[signed.txid] = plan
        return signed

    def sign_action(
        self, action: Action, plan: SendPlan, serial: int, memo: bytes = b"", key: LocalAccount | None = None
    ) -> SignedTx:
        """Bytes of any action under these terms, by the devnet's own messages."""
        raw = encode(
            RawTransaction(
                ref_block_bytes=plan.reference[6:8],
                ref_block_hash=plan.reference[8:16],
                expiration=plan.expires_ms,
                data=memo,
                contract=(pack(action),),
                timestamp=self.chain.genesis_block.time_ms + 1 + serial,
                fee_limit=plan.gas_limit * plan.max_fee,
            )
        )
        txid = hashlib.sha256(raw).digest()
        # eth_account appends 27 or 28 where the codec's canonical form is 0 or 1.
        made = (key or self.payer).unsafe_sign_hash(Hash32(txid)).signature
        signature = bytes(made[:-1]) + bytes([made[-1] - SIGNATURE_V])
        return SignedTx(txid, encode(TransactionEnvelope(raw, (signature,))))

    async def act(self, index: int, action: Action, memo: bytes = b"", *, energy: int = ROOM) -> BlockEffects:
        """Let a funded account do something; return the block, which is solid by then."""
        terms = await self.writer.plan(intent(self, self.native, account(HOLDER), 1))
        room = terms.model_copy(update={"gas_limit": energy, "max_fee": 100})
        tx = self.sign_action(
            action, room, await self.next_serial(), memo, Account.from_key(dev_key(index).secret)
        )
        verdict = self.chain.broadcast(tx.raw)
        assert verdict.code is ResponseCode.SUCCESS, verdict
        self.mine()
        block = await self.reader.block(self.chain.head.id)
        self.mine(FINALITY_DEPTH)
        return block

    def view(self, serial: int, *signed: SignedTx) -> AttemptView:  # noqa: ARG002 - nothing is counted
        plan = self._plans[signed[0].txid]
        return AttemptView(
            wallet=address_of(self.payer),
            nonce=None,
            txids=tuple(tx.txid for tx in signed),
            expires_ms=plan.expires_ms,
            reference_height=int.from_bytes(plan.reference[:8], "big"),
        )

    async def next_serial(self) -> int:
        self._serials += SERIALS_APART
        return self._serials

    def nonce(self, serial: int) -> int | None:  # noqa: ARG002 - nothing is counted
        return None

    def with_room(self, plan: SendPlan) -> SendPlan:
        return plan

    def strike(self, path: str, fault: Layer, *, node: int = 0, times: int | None = None) -> None:
        """Let a fault happen to the next calls of a path (`*`: of any) at one node."""
        self.surfaces[node].playbook.add(Script(path, fault, 1, times))

    def heal(self) -> None:
        """No more faults at any node."""
        for surface in self.surfaces:
            surface.playbook.clear()
            surface.node.lag, surface.node.contradiction = 0, None
            surface.node.remembers_rejected = False

    async def close(self) -> None:
        for client in self.clients:
            await client.close()


def account(index: int) -> bytes:
    """The 20 bytes of a funded account."""
    return dev_address(index)[1:]


def call(index: int, contract: bytes, function: str, *arguments: bytes) -> TriggerSmartContract:
    """A funded account's call of a contract, whose arguments are one word each."""
    words = b"".join(bytes(32 - len(one)) + one for one in arguments)
    return TriggerSmartContract(dev_address(index), contract, 0, keccak256(function.encode())[:4] + words)


def payment(send: SendIntent) -> Action:
    """What a send is, in the devnet's own messages."""
    if not send.contract:
        return TransferContract(PREFIX + send.wallet, PREFIX + send.payee, send.amount)
    data = bytes.fromhex("a9059cbb") + bytes(12) + send.payee + send.amount.to_bytes(32, "big")
    return TriggerSmartContract(PREFIX + send.wallet, PREFIX + send.contract, 0, data)


@asynccontextmanager
async def tron_devnet(backdated_ms: int = BACKDATED_MS) -> AsyncIterator[TronRig]:
    """Serve a new chain and two nodes from this process."""
    zmq_port, ports = free_port(), (free_port(), free_port())
    levers = make_chain(Settings(ports, zmq_port, backdated_ms=backdated_ms))
    levers.triggers = Triggers(levers.chain, zmq_port)
    surfaces = [Surface(Node(levers.chain)) for _ in ports]
    runners = [await _listen(surface, levers, port) for surface, port in zip(surfaces, ports, strict=True)]
    urls = tuple(f"http://{LOCALHOST}:{port}" for port in ports)
    rig = TronRig(levers, surfaces, urls, f"tcp://{LOCALHOST}:{zmq_port}")
    yield rig
    await rig.close()
    for surface in surfaces:
        surface.close()
    for runner in runners:
        await runner.cleanup()
    levers.triggers.close()


@pytest.fixture
async def tron_rig() -> AsyncIterator[TronRig]:
    """A new devnet of this test's own."""
    async with tron_devnet() as rig:
        yield rig
