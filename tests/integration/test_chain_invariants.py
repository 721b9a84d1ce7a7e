"""Books, business rows and networks agree after real business, and each rule notices its own breach."""

from uuid import UUID

import pytest_asyncio

from domain.bets import BetState
from domain.fairness import commitment
from domain.ids import bet_key, deposit_key, posting_id, step, withdrawal_key
from domain.journal import (
    bet_reserved,
    deposit_credited,
    network_fee,
    withdrawal_committed,
    withdrawal_reserved,
    withdrawal_settled,
)
from domain.kinds import Result
from domain.postings import Command
from domain.rules import Decision, Verdict
from domain.withdrawals import WithdrawalInput, WithdrawalState
from ledger.addresses import address_of
from ledger.bets import BetAcceptance, BetOutcome, insert_bet
from ledger.chain_invariants import CHAIN_INVARIANTS, check_chain_invariants
from ledger.decisions import DecidedCall, record_decision
from ledger.deposits import mark_credited
from ledger.floats import settle_float
from ledger.liquidity import request_liquidity
from ledger.observed import apply_block
from ledger.posting import post_opening
from ledger.seeds import SealedSeed, ensure_pair, take_nonce
from ledger.withdrawals import mark
from tests.support.ledger_database import COIN, NETWORK, TOKEN, LedgerDatabase
from tests.support.records import (
    NOW,
    OPERATOR,
    RULES,
    block,
    deposit_input,
    effect,
    new_address,
    new_bet,
    new_player,
    new_withdrawal,
    request_for,
    store_withdrawal,
)
from tests.support.sending import FEE, SendWorld

# Each breach is made by the owner's hand with the database's guards off; beside it the rule that notices.
PAID_TWICE = """
INSERT INTO chain.signed_txs
  SELECT chain_id, sha256('twice'), send_id, attempt, 9, purpose, raw, terms FROM chain.signed_txs;
INSERT INTO chain.own_txs
  SELECT chain_id, sha256('twice'), block_hash, height, wallet, nonce, succeeded, effect_ok, fee, detail
    FROM chain.own_txs
"""
NONCE_LEFT_OUT = """
INSERT INTO chain.attempts
  SELECT send_id, 5, chain_id, wallet, plan, nonce + 2, expires_ms, state, why, block_height, block_hash,
         landed_txid, 'failed', evidence_id
    FROM chain.attempts
"""
DIED_TOO_EARLY = """
UPDATE chain.attempts SET outcome = 'dead', expires_ms = 1e15 WHERE outcome = 'paid'
"""
REFUNDED_UNPROVEN = """
UPDATE ledger.withdrawals SET state = 'refunded', evidence_id = gen_random_uuid() WHERE state = 'settled'
"""
MOVED_UNPOSTED = """
INSERT INTO chain.own_transfers (transfer_id, kind, chain_id, asset_id, operator, slot, wanted, source, payee,
                                 amount, fee_cap, state, send_posting_id, policy_version, planned_at,
                                 updated_at)
SELECT '00000000-0000-0000-0000-000000000001', 'sweep', chain_id, asset_id, 1, 1, 0, receiver,
       decode(repeat('ab', 20), 'hex'), 1, 1, 'committed', gen_random_uuid(), 1, now(), now()
  FROM chain.deposits LIMIT 1
"""
SWEPT_TOO_EARLY = (
    MOVED_UNPOSTED
    + """;
UPDATE chain.deposits SET sweep_id = '00000000-0000-0000-0000-000000000001', swept_at = now()
"""
)
LENT_UNPROVEN = """
INSERT INTO chain.delegations (delegation_id, return_id, chain_id, purpose, asset_id, operator, slot, giver,
                               receiver, sun, energy, fee_cap, state, planned_at, opened_at)
SELECT gen_random_uuid(), gen_random_uuid(), chain_id, 'standing', asset_id, 1, 1, receiver,
       decode(repeat('ab', 20), 'hex'), 1, 1, 1, 'open', now(), now()
  FROM chain.deposits LIMIT 1
"""
BREACHES = [
    (PAID_TWICE, "paid_at_most_once"),
    (NONCE_LEFT_OUT, "nonces_are_gapless"),
    ("UPDATE ledger.withdrawals SET amount = amount + 1 WHERE state = 'settled'", "sends_equal_withdrawals"),
    ("UPDATE chain.sends SET payee = sha256('x')::bytea", "sends_equal_withdrawals"),
    (REFUNDED_UNPROVEN, "settled_equals_paid"),
    ("UPDATE chain.attempts SET outcome = 'failed'", "settled_equals_paid"),
    ("UPDATE chain.deposits SET amount = amount + 1", "deposits_equal_postings"),
    ("UPDATE chain.deposits SET credits = 0", "deposits_equal_postings"),
    ("UPDATE chain.deposits SET met_at = NULL", "credited_is_final"),
    ("UPDATE chain.deposits SET state = 'orphaned'", "credited_is_final"),
    ("UPDATE chain.deposits SET credits = 2, returns = 1", "credits_are_counted"),
    ("UPDATE chain.credits SET unlocked_at = NULL", "credits_are_counted"),
    ("DELETE FROM chain.credits", "credits_are_counted"),
    ("UPDATE chain.deposits SET ripe_at = NULL", "unlocked_is_final"),
    ("UPDATE chain.credits SET early = true, unlocked_at = NULL", "early_credit_is_counted"),
    (
        "UPDATE ledger.transfers SET debit_account = (debit_account & ~255::bigint) | 35",
        "debts_come_from_reversals",
    ),
    ("DELETE FROM chain.deposits", "effects_have_deposits"),
    ("UPDATE chain.effects SET amount = amount + 1", "effects_have_deposits"),
    ("UPDATE chain.attempts SET attempt = 2", "next_attempt_has_evidence"),
    (REFUNDED_UNPROVEN, "refund_has_evidence"),
    ("UPDATE chain.headers SET canonical = false WHERE height = 1", "cursors_are_linked"),
    ("UPDATE chain.headers SET parent = sha256('x') WHERE height = 1", "cursors_are_linked"),
    ("UPDATE chain.chains SET final_hash = sha256('x')", "cursors_are_linked"),
    ("UPDATE chain.attempts SET expires_ms = 1", "signed_have_one_claim"),
    ("UPDATE chain.attempts SET nonce = NULL", "signed_have_one_claim"),
    (DIED_TOO_EARLY, "expired_by_final_time"),
    ("UPDATE ledger.bets SET stake = stake + 1", "held_equals_rows"),
    ("UPDATE ledger.withdrawals SET state = 'cancelled' WHERE state = 'committed'", "held_equals_rows"),
    ("UPDATE chain.floats SET committed = committed + 1", "floats_equal_grants"),
    ("UPDATE chain.sends SET kind = 'sweep'", "sends_equal_transfers"),
    ("UPDATE chain.sends SET kind = 'energy'", "sends_equal_delegations"),
    (LENT_UNPROVEN, "delegations_equal_transactions"),
    (MOVED_UNPOSTED, "transfers_equal_postings"),
    (MOVED_UNPOSTED, "in_transit_equals_transfers"),
    (SWEPT_TOO_EARLY, "swept_equals_sweeps"),
    ("UPDATE chain.own_txs SET fee = fee + 1", "fees_equal_transactions"),
]


class House:
    """Real business: a deposit credited, a bet open, one withdrawal paid and one on its way."""

    def __init__(self, database: LedgerDatabase, player: int, paid: WithdrawalInput) -> None:
        self.database = database
        self.player = player
        self.paid = paid
        self.sending = SendWorld(database, paid.withdrawal_id)
        self.money = self.sending.money

    async def post(self, command: Command) -> None:
        """Post one command that must succeed."""
        (outcome,) = await post_opening(self.money, [command])
        assert outcome.result is Result.POSTED

    async def deposit(self, name: str, contract: bytes, asset_id: int, units: int) -> None:
        """Bring coins in, make them final and credit them."""
        assert self.sending.tip is not None
        async with self.money.begin() as session:
            known = await address_of(session, self.player, "eip155")
        target = await new_address(self.money, self.player) if known is None else known.address
        found = block(self.sending.tip, [effect(target, units, name=name, contract=contract)])
        async with self.sending.chain.begin() as session:
            assert await apply_block(session, NETWORK, found, RULES, self.sending.tip.ref, NOW)
        self.sending.tip = found.header
        await self.sending.finish()
        deposit = deposit_input(name)
        await self.post(
            deposit_credited(
                player=self.player,
                asset_id=asset_id,
                units=units,
                key=deposit_key(NETWORK, deposit.txid, deposit.position),
            )
        )
        async with self.money.begin() as session:
            await mark_credited(session, deposit.deposit_id, 1, NOW)

    async def withdraw(self, withdrawal: WithdrawalInput) -> None:
        """Reserve and commit a withdrawal."""
        acceptance = await store_withdrawal(self.money, withdrawal)
        key = withdrawal_key(withdrawal.withdrawal_id)
        assert acceptance.decision_id is not None
        asset_id = withdrawal.asset_id
        await self.post(
            withdrawal_reserved(
                player=self.player,
                asset_id=asset_id,
                units=withdrawal.amount,
                fee_units=acceptance.fee,
                key=key,
                decision=acceptance.decision_id,
            )
        )
        async with self.money.begin() as session:
            await request_liquidity(session, request_for(withdrawal.withdrawal_id))
        await self.post(withdrawal_committed(player=self.player, asset_id=asset_id, key=key))
        await self.mark(withdrawal, WithdrawalState.COMMITTED)

    async def mark(self, withdrawal: WithdrawalInput, state: WithdrawalState) -> None:
        """Move a withdrawal's row on."""
        async with self.money.begin() as session:
            await mark(session, self.player, withdrawal.withdrawal_id, state, NOW)

    async def pay(self) -> None:
        """Pay the first withdrawal and settle it."""
        await self.sending.mine(await self.sending.lane())
        await self.sending.finish()
        key = withdrawal_key(self.paid.withdrawal_id)
        await self.post(withdrawal_settled(player=self.player, asset_id=TOKEN.asset_id, fee_units=7, key=key))
        await self.post(
            network_fee(operator=OPERATOR, slot=0, asset_id=COIN.asset_id, units=FEE, key=f"fee/{key}")
        )
        await self.mark(self.paid, WithdrawalState.SETTLED)
        async with self.money.begin() as session:
            await settle_float(session, self.paid.withdrawal_id)

    async def bet(self) -> None:
        """Reserve a bet."""
        wish = new_bet(self.player)
        key = bet_key(OPERATOR, wish.bet_id)
        decided = UUID(int=77)
        async with self.money.begin() as session:
            seeds = [SealedSeed(b"sealed", commitment(text * 64)) for text in "01"]
            await ensure_pair(session, self.player, seeds[0], seeds[1], "mine", NOW)
            call = DecidedCall(self.player, "bet", wish.bet_id, decided)
            await record_decision(session, call, Decision(Verdict.ALLOW, (), 1), {}, NOW)
        await self.post(
            bet_reserved(
                player=self.player, asset_id=COIN.asset_id, units=wish.stake, key=key, decision=decided
            )
        )
        async with self.money.begin() as session:
            drawn = await take_nonce(session, self.player)
            outcome = BetOutcome(drawn.pair, drawn.nonce, 1, 19_800, 198)
            reserve = posting_id(step(key, "reserve"))
            await insert_bet(
                session, wish, BetAcceptance(BetState.RESERVED, decided, reserve, outcome, version=1)
            )

    async def broken(self) -> set[str]:
        """Return the names of the rules that do not hold."""
        async with self.database.sessions("croupier_verifier").snapshot() as session:
            found = await check_chain_invariants(session)
        assert set(found) == set(CHAIN_INVARIANTS)
        return {name for name, rows in found.items() if rows}


@pytest_asyncio.fixture
async def house(ledger_database: LedgerDatabase) -> House:
    """A house after a little real business."""
    player = await new_player(ledger_database.sessions(pool_size=1))
    made = House(ledger_database, player, new_withdrawal(player, key="paid"))
    await made.sending.begin(request=False)
    await made.deposit("coins", b"", COIN.asset_id, 5_000)
    await made.deposit("tokens", TOKEN.contract, TOKEN.asset_id, 3_000)
    await made.bet()
    await made.withdraw(made.paid)
    await made.withdraw(new_withdrawal(player, key="under way"))
    await made.pay()
    return made


async def test_real_business_breaks_no_rule(house: House) -> None:
    """Every rule holds, those of the ledger too."""
    assert await house.broken() == set()
    assert await house.database.broken() == {}


async def test_each_rule_notices_its_breach(house: House) -> None:
    """One hand-made breach at a time, undone before the next; no rule is without one."""
    unnoticed = []
    for statement, name in BREACHES:
        async with house.database.sessions(None, pool_size=1).engine.connect() as session:
            await session.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for table, check in _checks(statement):
                await session.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
            for single in statement.split(";\n"):
                await session.exec_driver_sql(single)
            found = await check_chain_invariants(session, [name])
            await session.rollback()
        if not found[name]:
            unnoticed.append((statement, name))
    assert unnoticed == []
    assert {name for _, name in BREACHES} == set(CHAIN_INVARIANTS)


def _checks(statement: str) -> list[tuple[str, str]]:
    """Return the row checks that would refuse this breach before the rule could see it."""
    if "sends SET payee" in statement:
        return [("chain.sends", "ck_sends_payee")]
    if "SET state = 'cancelled'" in statement:
        return [("ledger.withdrawals", "ck_withdrawals_closed")]
    return []
