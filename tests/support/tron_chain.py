"""A Tron chain in memory with people who sign for themselves, for tests of its rules."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from coincurve import PrivateKey

from devstack.tron.accounts import Account, account
from devstack.tron.addresses import of_public_key
from devstack.tron.block_messages import TransactionInfo
from devstack.tron.chain import TronChain
from devstack.tron.contract_messages import Action, CreateSmartContract, SmartContract, pack
from devstack.tron.genesis_spec import GenesisSpec
from devstack.tron.messages import RawTransaction, Transaction, TransferContract
from devstack.tron.pyevm import PyEvmEngine
from devstack.tron.rules import ChainParameters
from devstack.tron.schema import encode
from devstack.tron.verdicts import ResponseCode, Verdict

GENESIS_MS = 1_760_000_000_000
ROOM_MS = 12 * 3_600_000
TRX = 1_000_000
FEE_LIMIT = 1_000 * TRX


class Person:
    """A key and its address."""

    def __init__(self, name: str) -> None:
        self.key = PrivateKey(hashlib.sha256(name.encode()).digest())
        self.address = of_public_key(self.key.public_key)

    def sign(self, digest: bytes) -> bytes:
        return self.key.sign_recoverable(digest, hasher=None)


ALICE, BOB, CAROL, NOBODY = Person("alice"), Person("bob"), Person("carol"), Person("nobody")


class Clock:
    """The time of a chain, which a test moves."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class World:
    """A chain with Alice, Bob and Carol on it and room for twelve hours of blocks."""

    def __init__(
        self,
        *,
        parameters: ChainParameters | None = None,
        sun: Mapping[Person, int] | None = None,
        internal_transactions: bool = False,
    ) -> None:
        self.engine = PyEvmEngine()
        self.clock = Clock(GENESIS_MS + ROOM_MS)
        held = sun or dict.fromkeys((ALICE, BOB, CAROL), 1_000_000 * TRX)
        spec = GenesisSpec(
            GENESIS_MS, {person.address: amount for person, amount in held.items()}, self.engine.empty_root
        )
        self.chain = TronChain(
            spec,
            self.engine,
            clock=self.clock,
            parameters=parameters,
            internal_transactions=internal_transactions,
        )
        self._stamp = GENESIS_MS

    def raw(self, action: Action, *, permission_id: int = 0, fee_limit: int = 0) -> RawTransaction:
        """Return an unsigned transaction like no other; it names the head and ends a minute after it."""
        self._stamp += 1
        draft = self.chain.draft(action, fee_limit=fee_limit)
        return replace(draft, contract=(pack(action, permission_id),), timestamp=self._stamp)

    def send(self, raw: RawTransaction, *signers: Person) -> Verdict:
        """Sign and broadcast."""
        return self.chain.broadcast(signed(raw, *signers))

    def act(self, who: Person, action: Action, *, fee_limit: int = FEE_LIMIT) -> TransactionInfo:
        """Send an action that the node must take, mine it, and return what became of it."""
        verdict = self.send(self.raw(action, fee_limit=fee_limit), who)
        assert verdict.code is ResponseCode.SUCCESS, verdict
        self.chain.mine()
        return self.info(verdict.txid)

    def pay(self, payer: Person, payee: Person, sun: int = TRX) -> bytes:
        """Broadcast a transfer and return its id."""
        verdict = self.send(self.raw(TransferContract(payer.address, payee.address, sun)), payer)
        assert verdict.code is ResponseCode.SUCCESS, verdict
        return verdict.txid

    def deploy(self, owner: Person, runtime: bytes, *, percent: int = 100, origin_limit: int = 1) -> bytes:
        """Deploy a contract with this runtime code and return its address."""
        new = SmartContract(
            origin_address=owner.address,
            bytecode=initcode(runtime),
            consume_user_resource_percent=percent,
            origin_energy_limit=origin_limit,
            name="test",
        )
        return self.act(owner, CreateSmartContract(owner.address, new)).contract_address

    def info(self, txid: bytes) -> TransactionInfo:
        """Return what became of a transaction that is in a block."""
        found = self.chain.info(txid)
        assert found is not None, txid.hex()
        return found

    def account(self, who: Person) -> Account:
        """Return an account as the head shows it, the pool counted in."""
        found = account(self.chain.head_state, who.address)
        assert found is not None, "an account that is not activated"
        return found


def signed(raw: RawTransaction, *signers: Person) -> bytes:
    """Return the bytes of a transaction with the signatures of these people."""
    digest = hashlib.sha256(encode(raw)).digest()
    return encode(Transaction(raw, tuple(signer.sign(digest) for signer in signers)))


def initcode(runtime: bytes) -> bytes:
    """Return code that leaves a runtime code of less than 256 bytes behind."""
    size = bytes([len(runtime)])
    return b"\x60" + size + b"\x60\x0c\x60\x00\x39\x60" + size + b"\x60\x00\xf3" + runtime
