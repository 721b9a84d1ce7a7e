"""Code and storage of contracts in maps that share what they have in common, so that every state can stay.

A root carries its state with it. Nothing else keeps the states, and what the chain forgets is free again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from eth.abc import ExecutionContextAPI, MetaWitnessAPI
from eth.constants import EMPTY_SHA3
from eth.vm.forks.shanghai.state import ShanghaiState
from eth_typing import Address, Hash32
from immutables import Map

from devstack.tron.addresses import keccak256
from devstack.tron.engine import Ledger

Slot = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Contracts:
    """All contracts: code and count of creations by address, words by address and slot."""

    codes: Map[bytes, bytes] = field(default_factory=Map)
    nonces: Map[bytes, int] = field(default_factory=Map)
    words: Map[Slot, int] = field(default_factory=Map)


class Root(bytes):
    """The name of a state, and the state."""

    contracts: Contracts = Contracts()

    @classmethod
    def over(cls, below: "Root", contracts: Contracts, touched: Iterable[Slot]) -> "Root":
        """Name a state after the one it came from and what was written on the way."""
        words = [(address, slot, contracts.words.get((address, slot), 0)) for address, slot in touched]
        counts = sorted(contracts.nonces.items()) if contracts.nonces is not below.contracts.nonces else []
        codes = sorted(contracts.codes.items()) if contracts.codes is not below.contracts.codes else []
        root = cls(hashlib.sha256(below + repr((sorted(words), counts, codes)).encode()).digest())
        root.contracts = contracts
        return root


EMPTY_ROOT = Root(bytes(32))


class TvmState(ShanghaiState):
    """The state of one run. Its TRX balances are those of a ledger outside, until the run changes them."""

    def __init__(
        self, execution_context: ExecutionContextAPI, root: Root, ledger: Ledger, txid: bytes
    ) -> None:
        """Begin at a root; the library's own database is not used."""
        self.execution_context = execution_context
        self.root = root
        self.contracts = root.contracts
        self.ledger = ledger
        self.txid = txid
        self.moved: Map[bytes, int] = Map()
        self.created: tuple[bytes, ...] = ()
        self.touched: set[Slot] = set()
        self.serial = 0
        self.steps = 0

    def finished(self) -> Root:
        """Return the root of what the run left, the old one when it wrote nothing."""
        old, new = self.root.contracts, self.contracts
        if new.words is old.words and new.nonces is old.nonces and new.codes is old.codes:
            return self.root
        return Root.over(self.root, self.contracts, self.touched)

    def get_balance(self, address: Address) -> int:
        known = self.moved.get(address)
        return self.ledger.balance(address) if known is None else known

    def set_balance(self, address: Address, balance: int) -> None:
        self.moved = self.moved.set(address, balance)

    def account_exists(self, address: Address) -> bool:
        return address in self.moved or self.ledger.exists(address) or self.has_code_or_nonce(address)

    def account_is_empty(self, address: Address) -> bool:
        return not self.account_exists(address)

    def touch_account(self, address: Address) -> None:
        """Nothing: whether an account exists is the ledger's knowledge."""

    def mark_address_warm(self, address: Address) -> None:
        """Nothing: Tron charges the first look like the second."""

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:  # noqa: FBT001, FBT002, ARG002 - the library's shape
        return self.contracts.words.get((address, slot), 0)

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        place, words = (address, slot), self.contracts.words
        self.touched.add(place)
        if value:
            words = words.set(place, value)
        elif place in words:
            words = words.delete(place)
        self.contracts = Contracts(self.contracts.codes, self.contracts.nonces, words)

    def delete_storage(self, address: Address) -> None:
        for place in [place for place in self.contracts.words if place[0] == address]:
            self.set_storage(address, place[1], 0)

    def get_nonce(self, address: Address) -> int:
        return self.contracts.nonces.get(address, 0)

    def set_nonce(self, address: Address, nonce: int) -> None:
        nonces = self.contracts.nonces.set(address, nonce)
        self.contracts = Contracts(self.contracts.codes, nonces, self.contracts.words)

    def increment_nonce(self, address: Address) -> None:
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code(self, address: Address) -> bytes:
        return self.contracts.codes.get(address, b"")

    def set_code(self, address: Address, code: bytes) -> None:
        codes = self.contracts.codes.set(address, code)
        self.contracts = Contracts(codes, self.contracts.nonces, self.contracts.words)

    def get_code_hash(self, address: Address) -> Hash32:
        code = self.get_code(address)
        return Hash32(keccak256(code)) if code else EMPTY_SHA3

    def has_code_or_nonce(self, address: Address) -> bool:
        return address in self.contracts.nonces or address in self.contracts.codes

    def delete_account(self, address: Address) -> None:
        self.delete_storage(address)
        codes, nonces = self.contracts.codes, self.contracts.nonces
        codes = codes.delete(address) if address in codes else codes
        nonces = nonces.delete(address) if address in nonces else nonces
        self.contracts = Contracts(codes, nonces, self.contracts.words)

    def snapshot(self) -> tuple[Contracts, Map[bytes, int], tuple[bytes, ...]]:  # type: ignore[override]  # nothing here is ever changed in place
        return self.contracts, self.moved, self.created

    def revert(self, snapshot: tuple[Contracts, Map[bytes, int], tuple[bytes, ...]]) -> None:  # type: ignore[override]  # as above
        self.contracts, self.moved, self.created = snapshot

    def commit(self, snapshot: tuple[Contracts, Map[bytes, int], tuple[bytes, ...]]) -> None:  # type: ignore[override]  # as above
        """Nothing: what happened since has happened."""

    def persist(self) -> MetaWitnessAPI:
        """Refuse: a run ends with `finished`."""
        raise NotImplementedError
