"""What every network adapter owes the rest: its protocols and their guarantees.

G1 no failure becomes an empty or zero answer; G2 a block is complete or raises; G3 an answer names its block;
G4 `Dead` comes only with evidence; G5 `broadcast` builds and signs nothing, it sends stored bytes; G6 a txid
is computed here from bytes; G7 hints may all be lost; G8 `final` moves along one branch only.

Every network call may raise NodeUnavailable or NodeStale: nothing happened, repeat later.
"""

from collections.abc import AsyncGenerator
from typing import Protocol, TypeVar

from domain.assets import Asset, NetworkId
from domain.energy import AccountResources, Lent
from domain.onchain import (
    BlockEffects,
    BlockRef,
    ChainIdentity,
    Header,
    HeadHint,
    Heads,
    Held,
    Liveness,
    TxStatus,
)
from domain.sends import AttemptView, BroadcastResult, SendIntent, SendPlan, SignedTx, TxPurpose

Fields = TypeVar("Fields")


class ChainReader(Protocol):
    """What a network says. One call is answered by one node from start to end."""

    @property
    def network(self) -> NetworkId: ...

    async def identity(self) -> ChainIdentity:
        """Chain id and genesis hash as the node states them."""
        ...

    async def heads(self) -> Heads:
        """The newest and the newest final block; raises FinalityBroken if a final one was taken back."""
        ...

    async def header(self, block_hash: bytes) -> Header:
        """The header of exactly this block; raises NodeStale if the node does not know it."""
        ...

    async def header_at(self, height: int) -> Header:
        """The block the node now has at a height: to be linked by hash, never to be trusted alone."""
        ...

    async def block(self, block_hash: bytes) -> BlockEffects:
        """Everything this block did; raises BlockIncomplete unless its parts prove to be all there."""
        ...

    async def settled(self, header: Header) -> BlockEffects | None:
        """A final block once more, from the store that holds final blocks only.

        None where the header itself proves everything `block` told of it, so that nothing is read twice.
        """
        ...

    async def status(self, txid: bytes) -> TxStatus:
        """Where a transaction stands; UNKNOWN never means dead."""
        ...

    async def balance(self, who: bytes, asset: Asset, at: BlockRef) -> Held:
        """Units of the asset that an address held right after the named block."""
        ...

    async def nonce_at(self, wallet: bytes, at: BlockRef) -> int | None:
        """How many transactions the wallet had sent right after the named block; None if none are counted."""
        ...

    async def code_at(self, address: bytes, at: BlockRef) -> bytes:
        """The code at an address right after the named block; empty for a plain account."""
        ...

    async def token_decimals(self, asset: Asset) -> int:
        """Decimals as the token's contract states them, to be compared with the catalogue."""
        ...

    def hints(self) -> AsyncGenerator[HeadHint, None]:
        """Heads as some node tells them: may drop, repeat, reorder and lie, may end or never begin.

        They only say when to look; close the generator when nobody listens any more.
        """
        ...

    async def close(self) -> None:
        """Release every connection."""
        ...


class ChainWriter(Protocol):
    """Outgoing transactions. It neither builds nor signs bytes and takes no nonce."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes that a broadcast is handed to."""
        ...

    async def plan(self, send: SendIntent) -> SendPlan:
        """Fee terms and a dry run on the newest block.

        The verdict is REFUSED only if the token or the payee refuses. Raises FeeAboveCap while the network
        asks more than the cap, WalletShort while the wallet holds too little; both pass with time.
        """
        ...

    async def quote(self, send: SendIntent) -> SendPlan:
        """Fee terms of the worst case, whatever wallet and cap could pay; for estimates, never signed.

        A token is priced as if its receiver held none so far. The verdict is REFUSED if it would not move.
        """
        ...

    async def replace(self, send: SendIntent, purpose: TxPurpose, last: SignedTx) -> SendPlan:
        """Fee terms under which nodes let a bump or a cancel of the same nonce replace `last`.

        Both fees rise above those of `last` by what nodes demand, and to the market's if that is more. Raises
        FeeAboveCap if that does not fit the cap (`last` stays as valid as it was), WalletShort while the
        wallet cannot pay it, BytesMismatch if `last` is damaged, NotReplaceable where nothing ever is.
        """
        ...

    async def broadcast(self, tx: SignedTx) -> BroadcastResult:
        """Hand stored bytes to every node; raises BytesMismatch if they are not what they claim to be.

        AMBIGUOUS means a node may have taken them. NodeUnavailable is raised only if no node was asked.
        """
        ...

    def expiry(self, tx: SignedTx) -> int | None:
        """The network's time, in ms, from which these bytes can never land; None where bytes never expire.

        It is read from the bytes, which may be older than any plan; raises BytesMismatch if they are damaged.
        """
        ...

    async def liveness(self, attempt: AttemptView) -> Liveness:
        """What the chain proves about an attempt."""
        ...

    async def close(self) -> None:
        """Release every connection."""
        ...


class EnergyReader(Protocol):
    """Staked resources, on networks whose contract calls run on them."""

    async def resources(self, who: bytes) -> AccountResources:
        """What an account may use at the newest block, transactions in the pool counted."""
        ...

    async def lendable(self, giver: bytes) -> int:
        """Stake for energy that an account may still delegate, in sun."""
        ...

    async def delegations(self, giver: bytes) -> tuple[Lent, ...]:
        """What an account has delegated to each receiver, by final blocks."""
        ...


class TxCodec(Protocol[Fields]):
    """Bytes and fields of a signed transaction, each computed from the other without I/O or clock."""

    def encode(self, fields: Fields) -> bytes: ...

    def decode(self, raw: bytes) -> Fields:
        """Fields of exactly these bytes; raises BytesMismatch unless they encode to the same bytes again."""
        ...

    def txid(self, raw: bytes) -> bytes: ...


class AddressBook(Protocol):
    """The text forms of a network's addresses."""

    def parse(self, text: str) -> bytes:
        """Raw address of a payee; raises AddressInvalid with a reason code and a sentence."""
        ...

    def show(self, address: bytes) -> str:
        """Canonical text of an address."""
        ...


class AddressSource(Protocol):
    """Deposit addresses of one account, computed from its extended public key."""

    def derive(self, index: int) -> bytes: ...
