"""What a node answers to a broadcast transaction: java-tron's codes and its words beside them."""

from dataclasses import dataclass
from enum import IntEnum


class ResponseCode(IntEnum):
    """The codes of a broadcast's answer."""

    SUCCESS = 0
    SIGERROR = 1
    CONTRACT_VALIDATE_ERROR = 2
    CONTRACT_EXE_ERROR = 3
    BANDWITH_ERROR = 4
    DUP_TRANSACTION_ERROR = 5
    TAPOS_ERROR = 6
    TOO_BIG_TRANSACTION_ERROR = 7
    TRANSACTION_EXPIRATION_ERROR = 8
    SERVER_BUSY = 9
    NO_CONNECTION = 10
    NOT_ENOUGH_EFFECTIVE_CONNECTION = 11
    BLOCK_UNSOLIDIFIED = 12
    OTHER_ERROR = 20


WORDS = {
    ResponseCode.SIGERROR: "Validate signature error: ",
    ResponseCode.CONTRACT_VALIDATE_ERROR: "Contract validate error : ",
    ResponseCode.CONTRACT_EXE_ERROR: "Contract execute error : ",
    ResponseCode.BANDWITH_ERROR: "Account resource insufficient error.",
    ResponseCode.DUP_TRANSACTION_ERROR: "Dup transaction.",
    ResponseCode.TAPOS_ERROR: "Tapos check error.",
    ResponseCode.TOO_BIG_TRANSACTION_ERROR: "Transaction size is too big.",
    ResponseCode.TRANSACTION_EXPIRATION_ERROR: "Transaction expired",
    ResponseCode.SERVER_BUSY: "Server busy.",
    ResponseCode.OTHER_ERROR: "Error: ",
}
CODES_WITH_DETAIL = frozenset(
    {
        ResponseCode.SIGERROR,
        ResponseCode.CONTRACT_VALIDATE_ERROR,
        ResponseCode.CONTRACT_EXE_ERROR,
        ResponseCode.OTHER_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a broadcast; `message` is plain (hex on the wire), `txid` is empty if unreadable."""

    code: ResponseCode
    message: str
    txid: bytes


class Refused(Exception):
    """A transaction that a rule refuses; some codes have fixed words, then `detail` stays in the log."""

    def __init__(self, code: ResponseCode, detail: str) -> None:
        super().__init__(f"{code.name}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def message(self) -> str:
        words = WORDS.get(self.code, "")
        return words + self.detail if self.code in CODES_WITH_DETAIL else words


class ContractInvalid(Refused):
    """The action of a transaction is not possible upon this state."""

    def __init__(self, detail: str) -> None:
        super().__init__(ResponseCode.CONTRACT_VALIDATE_ERROR, detail)


class SignatureInvalid(Refused):
    """The signatures do not permit the action."""

    def __init__(self, detail: str) -> None:
        super().__init__(ResponseCode.SIGERROR, detail)


class ResourcesMissing(Refused):
    """The owner can pay the bandwidth or a fee neither with resources nor with TRX."""

    def __init__(self, detail: str) -> None:
        super().__init__(ResponseCode.BANDWITH_ERROR, detail)
