"""The dry run of a token payment: the energy it takes at worst, or why the token refuses it.

The worst is a payee that holds none of the token so far, whatever it holds now: it may have spent all of it
until the block comes. The estimate of a node includes the contract's present energy factor.
"""

import asyncio
from dataclasses import dataclass

from chains.codecs.abi import WORD_BYTES
from chains.codecs.keccak import keccak256
from chains.tron.answers import ADDRESS_BYTES
from chains.tron.calling import Call, about, dry_run, transfer
from chains.tron.client import HEAD_STORE, TronNode
from domain.sends import SendIntent

PAUSED = "paused()"
BARRED = "isBlackListed(address)"


@dataclass(frozen=True, slots=True)
class TokenRun:
    """Energy that a token payment takes at worst, or why it is refused."""

    energy: int
    refusal: str = ""


async def try_payment(node: TronNode, send: SendIntent) -> TokenRun:
    """Run a token payment on the newest state without sending it.

    Raises NodeUnavailable if the node could not run it; only a contract that reverts, is paused or has barred
    one of the two refuses.
    """
    real, worst, switch = await asyncio.gather(
        dry_run(node, HEAD_STORE, send.wallet, transfer(send.contract, send.payee, send.amount)),
        dry_run(node, HEAD_STORE, send.wallet, transfer(send.contract, _nobody(send.payee), send.amount)),
        _switch_against(node, send),
    )
    if switch or real.refusal:
        return TokenRun(real.energy, switch or f"the token refuses: {real.refusal}")
    return TokenRun(max(real.energy, worst.energy))


async def _switch_against(node: TronNode, send: SendIntent) -> str:
    """What the token's own switches say against it; a token without such a view has no such switch."""
    paused, wallet_barred, payee_barred = await asyncio.gather(
        _is_set(node, send.wallet, Call(send.contract, PAUSED)),
        _is_set(node, send.wallet, about(send.contract, BARRED, send.wallet)),
        _is_set(node, send.wallet, about(send.contract, BARRED, send.payee)),
    )
    if paused:
        return "the token is paused"
    if wallet_barred:
        return "the token has barred the paying wallet"
    return "the token has barred the payee" if payee_barred else ""


async def _is_set(node: TronNode, asker: bytes, call: Call) -> bool:
    ran = await dry_run(node, HEAD_STORE, asker, call)
    return not ran.refusal and len(ran.output) == WORD_BYTES and any(ran.output)


def _nobody(payee: bytes) -> bytes:
    """An address that holds no token; nothing is ever sent to it."""
    return keccak256(payee)[-ADDRESS_BYTES:]
