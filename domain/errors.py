"""Errors, split by what to do next; callers compare `code`. Those of one rule stand beside that rule."""

from typing import ClassVar


class CroupierError(Exception):
    """An error with a stable code and a sentence a person can read."""

    code: ClassVar[str] = "INTERNAL"

    def __init_subclass__(cls, *, code: str | None = None) -> None:
        super().__init_subclass__()
        cls.code = code or cls.code

    def __init__(self, sentence: str, **objects: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.objects = objects


class Rejected(CroupierError):
    """A final answer: the same request will be refused again."""


class Unavailable(CroupierError):
    """Nothing happened: repeat with the same id, later."""


class Uncertain(CroupierError):
    """It may have happened: look before repeating."""


class Corrupt(CroupierError):
    """Two records that must agree do not: stop this part and page a person."""


class AmountInvalid(Rejected, code="AMOUNT_INVALID"):
    """An amount that is not a whole positive number of the asset's units."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The amount cannot be used: {why}.", why=why)


class AddressInvalid(Rejected, code="ADDRESS_INVALID"):
    """A destination that nobody should be paid at; `reason` is a code of the address table."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(f"The address cannot be used: {why}.", reason=reason)
        self.reason = reason


class AssetUnknown(Rejected, code="ASSET_UNKNOWN"):
    """An asset or network that is not in the catalogue."""

    def __init__(self, asset: str) -> None:
        super().__init__(f"There is no asset {asset} here.", asset=asset)


class RequestInvalid(Rejected, code="REQUEST_INVALID"):
    """A request whose form is wrong before anything is looked up."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class SignatureInvalid(Rejected, code="SIGNATURE_INVALID"):
    """A caller whose key, token or signature does not hold."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The caller could not be recognised: {why}.")


class NotAllowed(Rejected, code="NOT_ALLOWED"):
    """A known caller that may not do this."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This caller may not {what}.")


class PlayerBlocked(Rejected, code="PLAYER_BLOCKED"):
    """A player whose account takes no new business."""

    def __init__(self, player: str) -> None:
        super().__init__(f"Player {player} is blocked.", player=player)


class NotFound(Rejected, code="NOT_FOUND"):
    """Nothing is known under this id."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"There is no {what} {key}.", what=what, key=key)


class InsufficientFunds(Rejected, code="INSUFFICIENT_FUNDS"):
    """A guarded account would fall below zero."""

    def __init__(self, asset: str) -> None:
        super().__init__(f"The available balance in {asset} is too small.", asset=asset)


class LimitExceeded(Rejected, code="LIMIT_EXCEEDED"):
    """A limit that is configured for this asset or game."""

    def __init__(self, limit: str, bound: str) -> None:
        super().__init__(f"The {limit} is {bound}.", limit=limit, bound=bound)


class RefusedByRules(Rejected, code="REFUSED_BY_RULES"):
    """The recorded policy says no."""

    def __init__(self, reasons: str) -> None:
        super().__init__(f"The policy refuses this: {reasons}.", reasons=reasons)


class RefusedBySigner(Rejected, code="REFUSED_BY_SIGNER"):
    """The signer judged a request and will not sign it; `refusal` is its code."""

    def __init__(self, refusal: str, why: str) -> None:
        super().__init__(f"The signer refuses ({refusal}): {why}.", refusal=refusal)
        self.refusal = refusal


class Conflict(Rejected, code="CONFLICT"):
    """A known id that came with another content; `field` names the first difference."""

    def __init__(self, field: str) -> None:
        super().__init__(f"This id was already used with another {field}.", field=field)
        self.field = field


class AlreadyClosed(Rejected, code="ALREADY_CLOSED"):
    """A target that something else has already ended; `closed_by` names what."""

    def __init__(self, closed_by: str) -> None:
        super().__init__(f"It was already ended by {closed_by}.", closed_by=closed_by)


class TooLate(Rejected, code="TOO_LATE"):
    """A request that came after the point of no return."""

    def __init__(self, what: str, state: str) -> None:
        super().__init__(f"Too late to {what}: it is {state}.", state=state)


class MayStillLand(Rejected, code="MAY_STILL_LAND"):
    """A refund that is wanted while something that was signed could still pay; `ends` says what ends that."""

    def __init__(self, send: str, ends: str) -> None:
        super().__init__(f"A transaction of {send} may still land: {ends}.", send=send)


class Blocked(Rejected, code="BLOCKED"):
    """An account, wallet or id that takes no posting any more."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is closed.", what=what)


class LedgerUnavailable(Unavailable, code="LEDGER_UNAVAILABLE"):
    """PostgreSQL did not answer in time or cut the connection."""

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The ledger is not available: {why}.")


class TemporalUnavailable(Unavailable, code="TEMPORAL_UNAVAILABLE"):
    """Temporal did not take the request."""

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The workflow service is not available: {why}.")


class NodeUnavailable(Unavailable, code="NODE_UNAVAILABLE"):
    """A chain node gave no answer that can be used."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"Node {node} gave no usable answer: {why}.", node=node)


class NodeStale(Unavailable, code="NODE_STALE"):
    """A chain node that lags behind what we already know."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"Node {node} is behind: {why}.", node=node)


class BlockIncomplete(Unavailable, code="BLOCK_INCOMPLETE"):
    """A block whose parts do not prove to be all there."""

    def __init__(self, block: str, why: str) -> None:
        super().__init__(f"Block {block} is not complete: {why}.", block=block)


class FeeAboveCap(Unavailable, code="FEE_ABOVE_CAP"):
    """A network that asks more for a transaction than its cap allows, at this moment."""

    def __init__(self, needed: int, cap: int) -> None:
        super().__init__(
            f"The network asks {needed} for this transaction, the cap is {cap}.", needed=needed, cap=cap
        )


class WalletShort(Unavailable, code="WALLET_SHORT"):
    """A wallet of ours that holds too little until it is topped up."""

    def __init__(self, wallet: str, what: str, missing: int) -> None:
        super().__init__(f"Wallet {wallet} lacks {missing} units of {what}.", wallet=wallet, missing=missing)


class ChainFrozen(Unavailable, code="CHAIN_FROZEN"):
    """A network on which nothing is planned, signed or sent until people lift it."""

    def __init__(self, network: str, why: str) -> None:
        super().__init__(f"Network {network} is frozen: {why}.", network=network)


class SignerUnavailable(Unavailable, code="SIGNER_UNAVAILABLE"):
    """The signer did not answer."""

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The signer is not available: {why}.")


class SigningPaused(Unavailable, code="SIGNING_PAUSED"):
    """The signer answers, but signs nothing now."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Signing is paused: {why}.")


class NotYet(Unavailable, code="NOT_YET"):
    """The thing referred to does not exist so far; the same id may be tried again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist so far.", what=what)


class Busy(Unavailable, code="BUSY"):
    """More work than places for it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is busy.", what=what)


class SlotClosed(Unavailable, code="SLOT_CLOSED"):
    """A slot that is being moved to another server."""

    def __init__(self, slot: int) -> None:
        super().__init__(f"Slot {slot} is being moved.", slot=slot)


class AccountMissing(Unavailable, code="ACCOUNT_MISSING"):
    """Accounts that have to be opened before they can be posted to."""

    def __init__(self, account: str) -> None:
        super().__init__(f"Account {account} is not open.", account=account)


class SendUncertain(Uncertain, code="SEND_UNCERTAIN"):
    """A transaction that a node may or may not have taken."""

    def __init__(self, txid: str, why: str) -> None:
        super().__init__(f"Transaction {txid} may or may not be on its way: {why}.", txid=txid)


class InvariantBroken(Corrupt, code="INVARIANT_BROKEN"):
    """A rule of the ledger that does not hold."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The books contradict themselves: {what}.", what=what)


class FinalityBroken(Corrupt, code="FINALITY_BROKEN"):
    """A chain that took back what it had called final."""

    def __init__(self, network: str, why: str) -> None:
        super().__init__(f"Network {network} took back a final block: {why}.", network=network)


class BytesMismatch(Corrupt, code="BYTES_MISMATCH"):
    """Bytes that are not those that were stored or asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The bytes do not match: {what}.", what=what)


class RecordMismatch(Corrupt, code="RECORD_MISMATCH"):
    """Two records of one fact that disagree."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Two records disagree: {what}.", what=what)


class BadSignature(Corrupt, code="BAD_SIGNATURE"):
    """A signature of ours that does not belong to our key."""

    def __init__(self, wallet: str) -> None:
        super().__init__(f"A signature does not belong to wallet {wallet}.", wallet=wallet)
