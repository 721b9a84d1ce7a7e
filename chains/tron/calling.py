"""Calls of contracts that are tried on one node and sent to nobody."""

from dataclasses import dataclass

from chains.answers import has, member, members
from chains.codecs.abi import SELECTOR_BYTES, WORD_BYTES, encode_balance_of, encode_transfer
from chains.codecs.keccak import keccak256
from chains.tron.answers import data, whole_member, wire, words
from chains.tron.client import TronNode
from chains.tron.failures import unavailable

REVERTED = "revert"
SUCCESS = "SUCCESS"
ERROR_SELECTOR = keccak256(b"Error(string)")[:SELECTOR_BYTES]
REASON_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A call as nodes take it: the function's signature as text, its arguments encoded."""

    contract: bytes
    function: str
    arguments: bytes = b""


@dataclass(frozen=True, slots=True)
class Ran:
    """One call that was tried: its energy and what it returned, or why the contract threw it back."""

    energy: int
    output: bytes
    refusal: str = ""


def transfer(contract: bytes, payee: bytes, amount: int) -> Call:
    """The payment of a token."""
    return Call(contract, "transfer(address,uint256)", encode_transfer(payee, amount)[SELECTOR_BYTES:])


def about(contract: bytes, function: str, who: bytes) -> Call:
    """The call of a function whose one argument is an address."""
    return Call(contract, function, encode_balance_of(who)[SELECTOR_BYTES:])


async def dry_run(node: TronNode, store: str, owner: bytes, call: Call) -> Ran:
    """What a call would do now; raises NodeUnavailable for every failure but that of the contract itself."""
    body = {
        "owner_address": wire(owner),
        "contract_address": wire(call.contract),
        "function_selector": call.function,
        "parameter": call.arguments.hex(),
    }
    return await node.ask(_ran, f"{store}/triggerconstantcontract", body)


async def word_of(node: TronNode, store: str, call: Call) -> int:
    """The number that a call returns; raises NodeUnavailable if it returns anything else."""
    ran = await dry_run(node, store, call.contract, call)
    if ran.refusal or len(ran.output) != WORD_BYTES:
        raise unavailable(node.name, ValueError(f"{call.function} gives no number {ran.refusal}".strip()))
    return int.from_bytes(ran.output, "big")


def _ran(answer: object) -> Ran:
    result = member(answer, "result")
    code = member(result, "code") if has(result, "code") else SUCCESS
    message = words(result, "message")
    if code != SUCCESS or (message and not message.lower().startswith(REVERTED)):
        # Out of time, out of memory, no such contract: of the node or of our settings, never of the payment.
        raise ValueError(f"the call could not be run: {code} {message}")
    outputs = [data(part) for part in members(answer, "constant_result")]
    output = outputs[0] if outputs else b""
    refusal = (_reason(output) or message) if message else ""
    return Ran(whole_member(answer, "energy_used"), output, refusal)


def _reason(output: bytes) -> str:
    """The text of `Error(string)` in what a call threw back, if it is that."""
    head = SELECTOR_BYTES + 2 * WORD_BYTES
    if output[:SELECTOR_BYTES] != ERROR_SELECTOR or len(output) < head:
        return ""
    length = int.from_bytes(output[head - WORD_BYTES : head], "big")
    text = output[head : head + min(length, REASON_LENGTH_MAX)].decode("utf-8", "replace")
    return "".join(one if one.isprintable() else " " for one in text).strip()
