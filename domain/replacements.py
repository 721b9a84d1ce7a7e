"""Terms of an attempt's next variant, as workflow and activity say them to each other."""

from domain.errors import Rejected
from domain.sends import SendOrder, SendPlan, TxPurpose
from domain.wire import Message


class NotReplaceable(Rejected, code="NOT_REPLACEABLE"):
    """A transaction of a network where nothing can be outbid: it lands or it expires."""

    def __init__(self, network: str) -> None:
        super().__init__(
            f"A transaction of {network} cannot be replaced: it lands or expires.", network=network
        )


class ReplacementRequest(Message):
    """A wish for terms of an attempt's next variant: a bump or a cancel of the same nonce."""

    order: SendOrder
    attempt: int
    variant: int
    purpose: TxPurpose


class Replacement(Message):
    """The next variant's terms; without any, its bytes exist already or the cap is reached (`at_cap`)."""

    variant: int
    plan: SendPlan | None = None
    at_cap: str | None = None
