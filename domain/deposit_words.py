"""What a player reads about a deposit: how far it is, and why it is not in the balance."""

from domain.deposits import DepositFacts, DepositReason, DepositState

_WHY = {
    DepositReason.REVERTED: "The transaction failed on its network, so nothing arrived.",
    DepositReason.TOKEN_NOT_LISTED: "This token is not accepted here and cannot be credited.",
    DepositReason.TRC10_NOT_LISTED: "This TRC-10 token is not accepted here, whatever its name says.",
    DepositReason.ZERO_VALUE: "The transfer carried no amount.",
    DepositReason.DUST: "The amount is below the smallest deposit of this asset.",
    DepositReason.OWN_SEND: "The coins came from an address of this house and are no deposit.",
    DepositReason.ALIAS_LOG: "This record repeats a transfer of the network's own coin, which counts once.",
    DepositReason.TO_SYSTEM_WALLET: "The coins reached an address of this house that belongs to no player.",
    DepositReason.ADDRESS_NOT_ASSIGNED: "The coins reached an address that was not given to a player so far.",
    DepositReason.FROM_COLD: "The coins came from a cold wallet of this house and are no deposit.",
    DepositReason.LARGE: "An amount of this size is credited after a person has looked at it.",
}
_WHERE = {
    DepositState.ORPHANED: (
        "The network took its block back; the deposit counts again when another block holds it."
    ),
    DepositState.PROVISIONAL: "You can play with it; it can be withdrawn once its block is final.",
    DepositState.FINAL: "Its block is final; it will be in your balance in a moment.",
    DepositState.CREDITED: "It is in your balance.",
    DepositState.SWEPT: "It is in your balance.",
}
_NEARLY = "It is in your balance; it can be withdrawn a few blocks from now."
_DUST_IN_REVIEW = "Together with earlier small amounts it is looked at by a person."


def progress(facts: DepositFacts, confirmations: int) -> str | None:
    """`3 of 12` or `waiting for finality` while a deposit is under way; None once it is not."""
    if facts.state not in {DepositState.SEEN, DepositState.CONFIRMING, DepositState.PROVISIONAL}:
        return None
    needed = facts.confirmations_needed
    if needed is None or facts.credits > facts.returns:
        return "waiting for finality"
    return f"{min(confirmations, needed)} of {needed}"


def player_sentence(facts: DepositFacts, confirmations: int) -> str:
    """One sentence about where a deposit stands, for the player."""
    if facts.reason is not None:
        if facts.reason is DepositReason.DUST and facts.state is DepositState.REVIEW:
            return _DUST_IN_REVIEW
        return _WHY[facts.reason]
    if facts.state in _WHERE:
        is_waiting = facts.state is DepositState.CREDITED and facts.is_locked
        return _NEARLY if is_waiting else _WHERE[facts.state]
    if facts.confirmations_needed is None:
        return "Waiting until its block is final."
    return f"{progress(facts, confirmations)} confirmations."
