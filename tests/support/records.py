"""Players, blocks and withdrawals as rows, for tests of everything that stands beside the postings."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.assets import Catalogue
from domain.bets import BetInput, Game
from domain.deposits import DepositInput
from domain.ids import bet_id, decision_id, deposit_id, posting_id, step, withdrawal_id, withdrawal_key
from domain.onchain import BlockEffects, BlockRef, Effect, Header, MinedTransaction
from domain.players import PlayerInput
from domain.rules import Decision, DepositTerms, Policy, Verdict
from domain.sends import SendKind, SendPlan, SimulationVerdict
from domain.withdrawals import WithdrawalInput, WithdrawalState
from ledger.addresses import assign, insert_pool
from ledger.decisions import DecidedCall, record_decision
from ledger.intake import IntakeRules
from ledger.liquidity import LiquidityRequest
from ledger.observed import ensure_chain
from ledger.registrations import ensure_operator, register
from ledger.session import Sessions
from ledger.withdrawals import WithdrawalAcceptance, insert_withdrawal
from tests.support.ledger_database import COIN, NETWORK, TOKEN

OPERATOR = 1
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOGUE = Catalogue([COIN, TOKEN])
POLICY = Policy(
    version=1,
    deposit_terms=(
        DepositTerms(asset_id=COIN.asset_id, minimum=10),
        DepositTerms(asset_id=TOKEN.asset_id, minimum=5),
    ),
)
RULES = IntakeRules(CATALOGUE, POLICY)
GENESIS = bytes([7]) * 32
STRANGER = bytes([0xEE]) * 20
PAYEE = bytes([0xAA]) * 20
_numbers = itertools.count(1)


def address(number: object) -> bytes:
    """Return the 20-byte address with this number."""
    return hashlib.sha256(f"address {number}".encode()).digest()[:20]


def txid(name: object) -> bytes:
    """Return the transaction id a test calls `name`."""
    return hashlib.sha256(f"transaction {name}".encode()).digest()


def later(seconds: int) -> datetime:
    """Return a moment this long after the tests' now."""
    return NOW + timedelta(seconds=seconds)


async def new_player(sessions: Sessions) -> int:
    """Register somebody nobody else is."""
    async with sessions.begin() as session:
        await ensure_operator(session, OPERATOR, "House")
        record = await register(
            session,
            PlayerInput(
                operator=OPERATOR,
                external_id=f"somebody {next(_numbers)}",
                request_id="r-1",
                received_at=NOW,
            ),
            NOW,
        )
    return record.player


async def new_address(sessions: Sessions, player: int) -> bytes:
    """Give a player a deposit address out of a fresh pool entry."""
    number = next(_numbers)
    async with sessions.begin() as session:
        await insert_pool(session, "eip155", 0, number, [address(number)], NOW)
        return (await assign(session, player, "eip155", NOW)).address


async def give_address(sessions: Sessions, receiver: bytes) -> int:
    """Let this very address belong to a new player; return the player."""
    player = await new_player(sessions)
    async with sessions.begin() as session:
        await insert_pool(session, "eip155", 0, next(_numbers), [receiver], NOW)
        assert (await assign(session, player, "eip155", NOW)).address == receiver
    return player


def new_bet(player: int, *, key: str = "k", stake: int = 100) -> BetInput:
    """Return a dice bet under a client's key."""
    return BetInput(
        bet_id=bet_id(player, key),
        player=player,
        asset_id=COIN.asset_id,
        game=Game.DICE,
        stake=stake,
        under=5000,
        client_key=key,
        request_id=f"request-{key}",
        received_at=NOW,
    )


def new_withdrawal(player: int, *, key: str = "k", amount: int = 500) -> WithdrawalInput:
    """Return a withdrawal of tokens under a client's key."""
    return WithdrawalInput(
        withdrawal_id=withdrawal_id(player, key),
        player=player,
        asset_id=TOKEN.asset_id,
        network=NETWORK,
        payee=PAYEE,
        amount=amount,
        client_key=key,
        request_id=f"request-{key}",
        received_at=NOW,
    )


async def store_withdrawal(
    sessions: Sessions, withdrawal: WithdrawalInput, state: WithdrawalState = WithdrawalState.APPROVED
) -> WithdrawalAcceptance:
    """Write a decision and the row of a withdrawal in this state."""
    key = withdrawal_key(withdrawal.withdrawal_id)
    verdict = Verdict.REVIEW if state is WithdrawalState.REVIEW else Verdict.ALLOW
    acceptance = WithdrawalAcceptance(
        state=state,
        fee=7,
        fee_cap=1_000,
        reserve_id=posting_id(step(key, "reserve")),
        send_posting_id=posting_id(step(key, "send")),
        decision_id=decision_id(key),
        version=3,
    )
    async with sessions.begin() as session:
        call = DecidedCall(withdrawal.player, "withdrawal", withdrawal.withdrawal_id, decision_id(key))
        await record_decision(
            session, call, Decision(verdict, ("AMOUNT_TIER",), 4), {"amount": str(withdrawal.amount)}, NOW
        )
        await insert_withdrawal(session, withdrawal, acceptance, NOW)
    return acceptance


def request_for(
    send_id: UUID, *, amount: int = 500, fee_cap: int = 1_000, asset_id: int = TOKEN.asset_id
) -> LiquidityRequest:
    """Return what a withdrawal asks of the hot wallets."""
    return LiquidityRequest(
        send_id=send_id,
        kind=SendKind.WITHDRAWAL,
        network=NETWORK,
        asset_id=asset_id,
        fee_asset_id=COIN.asset_id,
        payee=PAYEE,
        amount=amount,
        fee_cap=fee_cap,
    )


def plan(max_fee: int = 20) -> SendPlan:
    """Return fee terms with this price per gas."""
    return SendPlan(
        gas_limit=50,
        max_fee=max_fee,
        max_priority_fee=2,
        fee_bound=50 * max_fee,
        verdict=SimulationVerdict.PASSES,
        height=1,
        planned_at_ms=1,
    )


def deposit_input(name: object = "a", position: str = "native") -> DepositInput:
    """Return the identity of the deposit that this transaction made at this position."""
    text = "0x" + txid(name).hex()
    return DepositInput(
        network=NETWORK, txid=text, position=position, deposit_id=deposit_id(NETWORK, text, position)
    )


def header(parent: Header | None, name: object = "", *, height: int | None = None) -> Header:
    """Return the child of `parent`; another name is another branch."""
    number = height if height is not None else (0 if parent is None else parent.ref.height + 1)
    parent_hash = bytes(32) if parent is None else parent.ref.hash
    block_hash = hashlib.sha256(parent_hash + f"{number} {name}".encode()).digest()
    return Header(BlockRef(number, block_hash), parent_hash, NOW + timedelta(seconds=number))


def block(
    parent: Header,
    effects: Sequence[Effect] = (),
    transactions: Sequence[MinedTransaction] = (),
    name: object = "",
) -> BlockEffects:
    """Return a complete block on top of `parent`."""
    return BlockEffects(header(parent, name), tuple(effects), tuple(transactions), {"receipts": "all"})


def effect(  # noqa: PLR0913 - one keyword per fact
    receiver: bytes,
    amount: int,
    *,
    name: object = "a",
    position: str = "native",
    contract: bytes = b"",
    sender: bytes = STRANGER,
    succeeded: bool = True,
) -> Effect:
    """Return one movement to `receiver`."""
    return Effect(txid(name), position, contract, sender, receiver, amount, succeeded)


async def started_chain(sessions: Sessions) -> Header:
    """Begin to follow the network at block 0."""
    start = header(None)
    async with sessions.begin() as session:
        await ensure_chain(session, NETWORK, GENESIS, 1, start)
    return start
