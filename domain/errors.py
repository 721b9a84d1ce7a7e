"""Every error of Croupier, split by what to do next.

`Rejected` is a final answer, `Unavailable` means nothing happened, `Uncertain` means look before repeating, and
`Corrupt` means stop and page. A leaf carries the objects concerned and builds its own sentence, so nobody parses
text: callers compare `code`.
"""

from typing import ClassVar


class CroupierError(Exception):
    """An error with a stable code and a sentence a person can read."""

    code: ClassVar[str] = "INTERNAL"

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


class AmountInvalid(Rejected):
    """An amount that is not a whole positive number of the asset's units."""

    code = "AMOUNT_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(f"The amount cannot be used: {why}.", why=why)


class AddressInvalid(Rejected):
    """A destination that nobody should be paid at; `reason` is a code of the address table."""

    code = "ADDRESS_INVALID"

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(f"The address cannot be used: {why}.", reason=reason)
        self.reason = reason


class AssetUnknown(Rejected):
    """An asset or network that is not in the catalogue."""

    code = "ASSET_UNKNOWN"

    def __init__(self, asset: str) -> None:
        super().__init__(f"There is no asset {asset} here.", asset=asset)


class RequestInvalid(Rejected):
    """A request whose form is wrong before anything is looked up."""

    code = "REQUEST_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(why)


class SignatureInvalid(Rejected):
    """A caller whose key, token or signature does not hold."""

    code = "SIGNATURE_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(f"The caller could not be recognised: {why}.")


class NotAllowed(Rejected):
    """A known caller that may not do this."""

    code = "NOT_ALLOWED"

    def __init__(self, what: str) -> None:
        super().__init__(f"This caller may not {what}.")


class PlayerBlocked(Rejected):
    """A player whose account takes no new business."""

    code = "PLAYER_BLOCKED"

    def __init__(self, player: str) -> None:
        super().__init__(f"Player {player} is blocked.", player=player)


class NotFound(Rejected):
    """Nothing is known under this id."""

    code = "NOT_FOUND"

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"There is no {what} {key}.", what=what, key=key)


class InsufficientFunds(Rejected):
    """A guarded account would fall below zero."""

    code = "INSUFFICIENT_FUNDS"

    def __init__(self, asset: str) -> None:
        super().__init__(f"The available balance in {asset} is too small.", asset=asset)


class LimitExceeded(Rejected):
    """A limit that is configured for this asset or game."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, limit: str, bound: str) -> None:
        super().__init__(f"The {limit} is {bound}.", limit=limit, bound=bound)


class RefusedByRules(Rejected):
    """The recorded policy says no."""

    code = "REFUSED_BY_RULES"

    def __init__(self, reasons: str) -> None:
        super().__init__(f"The policy refuses this: {reasons}.", reasons=reasons)


class RefusedBySigner(Rejected):
    """The signer judged a request and will not sign it; `refusal` is its code."""

    code = "REFUSED_BY_SIGNER"

    def __init__(self, refusal: str, why: str) -> None:
        super().__init__(f"The signer refuses ({refusal}): {why}.", refusal=refusal)
        self.refusal = refusal


class Conflict(Rejected):
    """A known id that came with another content; `field` names the first difference."""

    code = "CONFLICT"

    def __init__(self, field: str) -> None:
        super().__init__(f"This id was already used with another {field}.", field=field)
        self.field = field


class AlreadyClosed(Rejected):
    """A target that something else has already ended; `closed_by` names what."""

    code = "ALREADY_CLOSED"

    def __init__(self, closed_by: str) -> None:
        super().__init__(f"It was already ended by {closed_by}.", closed_by=closed_by)


class TooLate(Rejected):
    """A request that came after the point of no return."""

    code = "TOO_LATE"

    def __init__(self, what: str, state: str) -> None:
        super().__init__(f"Too late to {what}: it is {state}.", state=state)


class Blocked(Rejected):
    """An account, wallet or id that takes no posting any more."""

    code = "BLOCKED"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is closed.", what=what)


class LedgerUnavailable(Unavailable):
    """PostgreSQL did not answer in time or cut the connection."""

    code = "LEDGER_UNAVAILABLE"

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The ledger is not available: {why}.")


class TemporalUnavailable(Unavailable):
    """Temporal did not take the request."""

    code = "TEMPORAL_UNAVAILABLE"

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The workflow service is not available: {why}.")


class NodeUnavailable(Unavailable):
    """A chain node gave no answer that can be used."""

    code = "NODE_UNAVAILABLE"

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"Node {node} gave no usable answer: {why}.", node=node)


class NodeStale(Unavailable):
    """A chain node that lags behind what we already know."""

    code = "NODE_STALE"

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"Node {node} is behind: {why}.", node=node)


class BlockIncomplete(Unavailable):
    """A block whose parts do not prove to be all there."""

    code = "BLOCK_INCOMPLETE"

    def __init__(self, block: str, why: str) -> None:
        super().__init__(f"Block {block} is not complete: {why}.", block=block)


class FeeAboveCap(Unavailable):
    """A network that asks more for a transaction than its cap allows, at this moment."""

    code = "FEE_ABOVE_CAP"

    def __init__(self, needed: int, cap: int) -> None:
        super().__init__(
            f"The network asks {needed} for this transaction, the cap is {cap}.", needed=needed, cap=cap
        )


class WalletShort(Unavailable):
    """A wallet of ours that holds too little until it is topped up."""

    code = "WALLET_SHORT"

    def __init__(self, wallet: str, what: str, missing: int) -> None:
        super().__init__(f"Wallet {wallet} lacks {missing} units of {what}.", wallet=wallet, missing=missing)


class SignerUnavailable(Unavailable):
    """The signer did not answer."""

    code = "SIGNER_UNAVAILABLE"

    def __init__(self, why: str = "no answer") -> None:
        super().__init__(f"The signer is not available: {why}.")


class SigningPaused(Unavailable):
    """The signer answers, but signs nothing now."""

    code = "SIGNING_PAUSED"

    def __init__(self, why: str) -> None:
        super().__init__(f"Signing is paused: {why}.")


class NotYet(Unavailable):
    """The thing referred to does not exist so far; the same id may be tried again."""

    code = "NOT_YET"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist so far.", what=what)


class Busy(Unavailable):
    """More work than places for it."""

    code = "BUSY"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is busy.", what=what)


class SlotClosed(Unavailable):
    """A slot that is being moved to another server."""

    code = "SLOT_CLOSED"

    def __init__(self, slot: int) -> None:
        super().__init__(f"Slot {slot} is being moved.", slot=slot)


class AccountMissing(Unavailable):
    """Accounts that have to be opened before they can be posted to."""

    code = "ACCOUNT_MISSING"

    def __init__(self, account: str) -> None:
        super().__init__(f"Account {account} is not open.", account=account)


class SendUncertain(Uncertain):
    """A transaction that a node may or may not have taken."""

    code = "SEND_UNCERTAIN"

    def __init__(self, txid: str, why: str) -> None:
        super().__init__(f"Transaction {txid} may or may not be on its way: {why}.", txid=txid)


class InvariantBroken(Corrupt):
    """A rule of the ledger that does not hold."""

    code = "INVARIANT_BROKEN"

    def __init__(self, what: str) -> None:
        super().__init__(f"The books contradict themselves: {what}.", what=what)


class FinalityBroken(Corrupt):
    """A chain that took back what it had called final."""

    code = "FINALITY_BROKEN"

    def __init__(self, network: str, why: str) -> None:
        super().__init__(f"Network {network} took back a final block: {why}.", network=network)


class BytesMismatch(Corrupt):
    """Bytes that are not those that were stored or asked for."""

    code = "BYTES_MISMATCH"

    def __init__(self, what: str) -> None:
        super().__init__(f"The bytes do not match: {what}.", what=what)


class RecordMismatch(Corrupt):
    """Two records of one fact that disagree."""

    code = "RECORD_MISMATCH"

    def __init__(self, what: str) -> None:
        super().__init__(f"Two records disagree: {what}.", what=what)


class BadSignature(Corrupt):
    """A signature of ours that does not belong to our key."""

    code = "BAD_SIGNATURE"

    def __init__(self, wallet: str) -> None:
        super().__init__(f"A signature does not belong to wallet {wallet}.", wallet=wallet)
