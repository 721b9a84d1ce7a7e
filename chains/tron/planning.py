"""The terms of one payment, from one node: reference, expiry, energy and fees, and whether it would pass.

Money is what the solid block says and the head does not deny: the head counts what only waits, and a top-up
counts once it is final.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chains.codecs.payments import Payment
from chains.codecs.tron import contract_of
from chains.codecs.tron_addresses import base58_text
from chains.codecs.tron_contracts import Contract, DelegateResource, Resource, UnDelegateResource
from chains.tron.answers import milliseconds
from chains.tron.asking import newest
from chains.tron.client import HEAD_STORE, SOLID_STORE, TronNode
from chains.tron.costs import Left, Needs, TronPolicy, bytes_of, energy_allowed, expected_fee, fee_bound
from chains.tron.estimating import try_payment
from chains.tron.holdings import code_of, coins_on, is_activated, resources_of, tokens_on
from chains.tron.lending import check_stake, refusal_of_loan
from chains.tron.terms import PriceBook, Prices
from domain.errors import FeeAboveCap, NotYet, WalletShort
from domain.onchain import BlockRef, Header
from domain.sends import SendIntent, SendKind, SendPlan, SimulationVerdict

NATIVE_NAME = "TRX"
NOTHING_LEFT = Left(energy=0, staked_bandwidth=0, free_bandwidth=0)


@dataclass(frozen=True, slots=True)
class Market:
    """What holds for every transaction now: the head, the solid block to refer to, prices, and the expiry."""

    head: Header
    solid: BlockRef
    prices: Prices
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payment takes under these prices, or why it is refused."""

    needs: Needs
    refusal: str = ""


class Planner:
    """Plans for one network. `clock_ms` dates them; every other time is the chain's."""

    def __init__(self, policy: TronPolicy, clock_ms: Callable[[], int]) -> None:
        self._policy = policy
        self._clock_ms = clock_ms
        self._book = PriceBook(clock_ms)

    async def plan(self, node: TronNode, send: SendIntent) -> SendPlan:
        """Terms under which the wallet can pay now.

        Raises FeeAboveCap, WalletShort, and NotYet shortly before a maintenance.
        """
        market = await self._market(node)
        await _check_assets(node, send)
        terms = await self._terms(node, send, market)
        left = await resources_of(node, send.wallet)
        plan = self._plan_of(terms, market, left)
        if not terms.refusal:
            if plan.fee_bound > send.fee_cap:
                raise FeeAboveCap(plan.fee_bound, send.fee_cap)
            await _check_coins(node, send, expected_fee(terms.needs, market.prices, left))
        return plan

    async def quote(self, node: TronNode, send: SendIntent) -> SendPlan:
        """The same terms, whatever the wallet and the cap could pay."""
        market = await self._market(node)
        return self._plan_of(await self._terms(node, send, market), market, NOTHING_LEFT)

    async def _market(self, node: TronNode) -> Market:
        # The solid block first: the head that is read after it is of the same branch or newer.
        solid = await newest(node, SOLID_STORE)
        head = await newest(node, HEAD_STORE)
        prices = await self._book.prices(node, head)
        now_ms = milliseconds(head)
        expires_ms = min(now_ms + self._policy.lifetime_ms, prices.until_ms)
        if expires_ms - now_ms < self._policy.lifetime_ms_min:
            raise NotYet("A price of energy for the time after the network's maintenance")
        return Market(head, solid.ref, prices, expires_ms)

    async def _terms(self, node: TronNode, send: SendIntent, market: Market) -> Terms:
        if send.kind is SendKind.ENERGY:
            return Terms(Needs(0, self._bytes(send, market, 0)), await refusal_of_loan(node, send))
        if send.contract:
            return await self._token_terms(node, send, market)
        # An account that the head alone knows may go again with its block, and then this one pays for it.
        code, is_active = await asyncio.gather(
            code_of(node, send.payee), is_activated(node, SOLID_STORE, send.payee)
        )
        needs = Needs(0, self._bytes(send, market, 0), creates_account=not is_active)
        return Terms(needs, "the payee is a contract, which takes no plain TRX" if code else "")

    async def _token_terms(self, node: TronNode, send: SendIntent, market: Market) -> Terms:
        ran, _ = await asyncio.gather(
            try_payment(node, send), self._book.watch_factor(node, send.contract, market.prices)
        )
        allowed = energy_allowed(ran.energy)
        fee_limit = allowed * market.prices.energy
        needs = Needs(ran.energy, self._bytes(send, market, fee_limit))
        if ran.refusal:
            return Terms(needs, ran.refusal)
        if allowed > self._policy.energy_max:
            return Terms(needs, f"it needs {allowed} energy, more than the policy allows")
        if fee_limit > market.prices.fee_limit_max:
            return Terms(needs, f"it needs a fee limit of {fee_limit}, more than the network allows")
        return Terms(needs)

    def _bytes(self, send: SendIntent, market: Market, fee_limit: int) -> int:
        return bytes_of(_contract_of(send), market.expires_ms, fee_limit)

    def _plan_of(self, terms: Terms, market: Market, left: Left) -> SendPlan:
        allowed = energy_allowed(terms.needs.energy)
        return SendPlan(
            gas_limit=allowed,
            max_fee=market.prices.energy if terms.needs.energy else 0,
            max_priority_fee=0,
            fee_bound=fee_bound(terms.needs, market.prices),
            verdict=SimulationVerdict.REFUSED if terms.refusal else SimulationVerdict.PASSES,
            why=terms.refusal,
            height=market.head.ref.height,
            planned_at_ms=self._clock_ms(),
            reference=market.solid.hash,
            expires_ms=market.expires_ms,
            burns=max(0, allowed - left.energy) * market.prices.energy,
        )


def _contract_of(send: SendIntent) -> Contract:
    if send.kind is SendKind.ENERGY:
        kind = UnDelegateResource if send.returns else DelegateResource
        return kind(send.wallet, send.payee, send.amount, Resource.ENERGY)
    return contract_of(Payment(send.contract, send.payee, send.amount), send.wallet)


async def _check_assets(node: TronNode, send: SendIntent) -> None:
    if send.kind is SendKind.ENERGY:
        await check_stake(node, send)
    if not send.contract:
        return
    held = min(
        await asyncio.gather(
            tokens_on(node, SOLID_STORE, send.contract, send.wallet),
            tokens_on(node, HEAD_STORE, send.contract, send.wallet),
        )
    )
    if held < send.amount:
        raise WalletShort(base58_text(send.wallet), base58_text(send.contract), send.amount - held)


async def _check_coins(node: TronNode, send: SendIntent, fee: int) -> None:
    held = min(
        await asyncio.gather(
            coins_on(node, SOLID_STORE, send.wallet), coins_on(node, HEAD_STORE, send.wallet)
        )
    )
    needed = fee + (0 if send.contract or send.kind is SendKind.ENERGY else send.amount)
    if held < needed:
        raise WalletShort(base58_text(send.wallet), NATIVE_NAME, needed - held)
