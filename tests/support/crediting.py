"""Deposits from block to balance: blocks as the follower applies them, postings as a worker posts them."""

from dataclasses import dataclass, field
from uuid import NAMESPACE_OID, uuid5

from temporalio.testing import ActivityEnvironment

from activities.accepting import AcceptingActivities
from activities.crediting import CreditingActivities
from domain.accounts import Purpose
from domain.crediting import Restraints
from domain.deposits import DepositFacts, DepositStep, next_step
from domain.ids import withdrawal_id
from domain.journal import bet_reserved, bet_settled
from domain.kinds import Result
from domain.onchain import Effect, Header
from domain.postings import Command
from domain.rules import (
    AmountTier,
    CreditTier,
    Decision,
    DepositTerms,
    Policy,
    Verdict,
    WithdrawalTerms,
)
from domain.withdrawals import WithdrawalFacts, WithdrawalInput
from ledger.balances import player_balances
from ledger.chain_invariants import check_chain_invariants
from ledger.crediting import restraints
from ledger.decisions import DecidedCall, record_decision
from ledger.deposits import DepositLine, list_deposits
from ledger.finality import advance_final
from ledger.intake import IntakeRules
from ledger.observed import apply_block, unapply_block
from ledger.posting import post_opening
from tests.support.ledger_database import COIN, NETWORK, LedgerDatabase
from tests.support.records import (
    CATALOGUE,
    NOW,
    OPERATOR,
    PAYEE,
    STRANGER,
    block,
    deposit_input,
    new_address,
    new_player,
    started_chain,
    txid,
)

FEE = 10


def lending(**changes: object) -> Policy:
    """Coins up to 100 units are playable at 2 confirmations, up to 1,000 at 3."""
    early = (CreditTier(up_to=100, confirmations=2), CreditTier(up_to=1_000, confirmations=3))
    terms = DepositTerms(asset_id=COIN.asset_id, minimum=10, early=early)
    return Policy(
        version=7,
        deposit_terms=(terms.model_copy(update=changes),),
        withdrawal_tiers=(AmountTier(asset_id=COIN.asset_id, allow=10**6, review=10**6),),
        withdrawal_terms=(WithdrawalTerms(asset_id=COIN.asset_id, minimum=1, fee=FEE, network_fee_cap=100),),
    )


@dataclass
class Bank:
    """One network and its players; `policy` judges what is seen and what is posted from then on."""

    database: LedgerDatabase
    policy: Policy = field(default_factory=lending)
    branch: list[Header] = field(default_factory=list)
    _worker: ActivityEnvironment = field(default_factory=ActivityEnvironment)

    async def open(self) -> None:
        """Begin to follow the network."""
        self.chain = self.database.sessions("croupier_chain")
        self.money = self.database.sessions("croupier_money")
        self.branch.append(await started_chain(self.chain))

    async def customer(self) -> tuple[int, bytes]:
        """A new player and the player's address."""
        player = await new_player(self.money)
        return player, await new_address(self.money, player)

    async def mine(self, *effects: Effect, name: object = "") -> Header:
        """Apply one more block with these effects; another name is another branch."""
        parent = self.branch[-1]
        found = block(parent, effects, name=name)
        rules = IntakeRules(CATALOGUE, self.policy)
        async with self.chain.begin() as session:
            assert await apply_block(session, NETWORK, found, rules, parent.ref, NOW)
        self.branch.append(found.header)
        return found.header

    async def leave(self, blocks: int = 1) -> None:
        """The newest blocks leave the branch."""
        for _ in range(blocks):
            async with self.chain.begin() as session:
                assert await unapply_block(session, NETWORK, self.branch.pop())

    async def finalise(self, height: int) -> None:
        """The block at this height is final."""
        async with self.chain.begin() as session:
            assert await advance_final(session, NETWORK, self.branch[height], NOW)

    async def go_on(self, name: object = "a", position: str = "native") -> DepositFacts:
        """Take every step that this deposit calls for, as its workflow does."""
        deposit, worker = deposit_input(name, position), self._worker
        activities = CreditingActivities(self.money, CATALOGUE, self.policy, OPERATOR)
        acts = {
            DepositStep.CREDIT: activities.post_deposit,
            DepositStep.CREDIT_EARLY: activities.post_deposit,
            DepositStep.UNLOCK: activities.unlock_deposit,
            DepositStep.REVERSE: activities.reverse_deposit,
        }
        facts = await worker.run(activities.recall_deposit, deposit)
        while next_step(facts) in acts:
            facts = await worker.run(acts[next_step(facts)], deposit)
        return facts

    async def withdraw(self, player: int, amount: int, key: str = "k") -> WithdrawalFacts:
        """Ask for a withdrawal as its workflow does."""
        wish = WithdrawalInput(
            withdrawal_id=withdrawal_id(player, key),
            player=player,
            asset_id=COIN.asset_id,
            network=NETWORK,
            payee=PAYEE,
            amount=amount,
            client_key=key,
            request_id="r",
            received_at=NOW,
        )
        accepting = AcceptingActivities(self.money, CATALOGUE, self.policy)
        return await self._worker.run(accepting.accept_withdrawal, wish)

    async def bet(self, player: int, stake: int, key: str) -> None:
        """Set a stake aside."""
        decided = uuid5(NAMESPACE_OID, key)
        async with self.money.begin() as session:
            call = DecidedCall(player, "bet", decided, decided)
            await record_decision(session, call, Decision(Verdict.ALLOW, (), 1), {}, NOW)
        await self._post(
            bet_reserved(player=player, asset_id=COIN.asset_id, units=stake, key=key, decision=decided)
        )

    async def settle(self, player: int, payout: int, key: str) -> None:
        """End a bet with this payout; 0 is a loss."""
        await self._post(bet_settled(player=player, asset_id=COIN.asset_id, payout_units=payout, key=key))

    async def _post(self, command: Command) -> None:
        (outcome,) = await post_opening(self.money, [command])
        assert outcome.result is Result.POSTED, outcome

    async def units(self, player: int, purpose: Purpose = Purpose.AVAILABLE) -> int:
        """What a player has in coins."""
        async with self.money.begin() as session:
            return (await player_balances(session, player)).units(COIN.asset_id, purpose)

    async def held(self, player: int) -> Restraints:
        """What holds a player's coins back."""
        async with self.money.begin() as session:
            return await restraints(session, player, COIN, CATALOGUE)

    async def line(self, player: int) -> DepositLine:
        """The newest deposit as the player's screen is made from it, read by the door's own role."""
        async with self.database.sessions("croupier_api").begin() as session:
            return (await list_deposits(session, player, None, 1))[0]

    async def broken(self) -> dict[str, list[tuple[object, ...]]]:
        """The rules of books and rows that do not hold."""
        async with self.database.sessions("croupier_verifier").snapshot() as session:
            found = await check_chain_invariants(session)
        rows = {name: rows for name, rows in found.items() if rows}
        return rows | await self.database.broken()


def coins(  # noqa: PLR0913 - one keyword per fact
    receiver: bytes,
    amount: int,
    *,
    name: object = "a",
    position: str = "native",
    contract: bytes = b"",
    sender: bytes = STRANGER,
) -> Effect:
    """One movement to an address of ours."""
    return Effect(txid(name), position, contract, sender, receiver, amount, succeeded=True)
