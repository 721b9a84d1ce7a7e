"""What people do in a world: register, pay in, bet, withdraw; each through the door's own questions."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eth_account.signers.local import LocalAccount

from api.asking import NoAnswer
from api.questions import (
    address_question,
    bet_question,
    cancel_verb,
    player_question,
    seed_rotation_question,
    staff_verb,
    withdrawal_question,
)
from chains.codecs.payments import Payment
from domain.accounts import Purpose
from domain.assets import Asset
from domain.bets import BetInput, BetResult, Game
from domain.deposits import DepositFacts, DepositInput
from domain.errors import NotFound
from domain.ids import bet_id, deposit_id, withdrawal_id
from domain.players import AddressInput, PlayerInput, SeedRotationInput, SeedRotationRecord
from domain.sends import SignedTx
from domain.tickets import Ticket
from domain.withdrawals import (
    CancelAct,
    ReviewVerb,
    WithdrawalFacts,
    WithdrawalInput,
    WithdrawalState,
)
from ledger.balances import player_balances
from ledger.deposits import recall_deposit
from ledger.withdrawals import recall_withdrawal
from tests.support.chain_rigs import address_of, stranger
from tests.support.world import RunningHouse
from tests.support.world_house import OPERATOR, OUTSIDER
from tests.support.world_place import EVM
from workflows.names import deposit_workflow_id, withdrawal_workflow_id

STOCK = 24
COINS_OF_THE_RICH = 20
RICHES = COINS_OF_THE_RICH * EVM.whole
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class PaidIn:
    """A payment from outside: the transaction, and the deposit that its effect is here."""

    txid: bytes
    deposit: DepositInput

    @property
    def workflow_id(self) -> str:
        return deposit_workflow_id(self.deposit.network, self.deposit.txid, self.deposit.position)


@dataclass(slots=True)
class People:
    """The players of a world, and the outsider who pays them in; `stock` rich ones are made at a time."""

    world: RunningHouse
    stock: int = STOCK
    rich: list[int] = field(default_factory=list)
    _payments: dict[bytes, int] = field(default_factory=dict)

    async def register(self, external_id: str | None = None) -> int:
        """Register a person; the same name is the same player."""
        request = PlayerInput(
            operator=OPERATOR,
            external_id=external_id or f"somebody-{next(_numbers)}",
            request_id="r-register",
            received_at=datetime.now(UTC),
        )
        record = await self.world.asker.ask(player_question(request))
        assert not isinstance(record, NoAnswer), record
        return record.player

    async def address(self, player: int) -> bytes:
        """The player's deposit address."""
        request = AddressInput(
            player=player,
            family=self.world.place.family,
            request_id="r-address",
            received_at=datetime.now(UTC),
        )
        record = await self.world.asker.ask(address_question(request))
        assert not isinstance(record, NoAnswer), record
        return record.address

    async def rich_player(self) -> int:
        """A player who has paid in 20 coins and nothing else."""
        if not self.rich:
            self.rich = list(await asyncio.gather(*(self.register() for _ in range(self.stock))))
            addresses = await asyncio.gather(*(self.address(player) for player in self.rich))
            units = COINS_OF_THE_RICH * self.world.place.whole
            for paid in reversed([self.pay_in(address, units) for address in addresses]):
                await self.credited(paid)
        return self.rich.pop()

    def pay_in(
        self, receiver: bytes, units: int, asset: Asset | None = None, *, by: LocalAccount = OUTSIDER
    ) -> PaidIn:
        """Hand a payment to the network's pool; the next block holds it."""
        place = self.world.place
        number = self._payments.get(address_of(by), 0)
        self._payments[address_of(by)] = number + 1
        paid = asset or place.coin
        signed = self.world.sign_payment(by, number, Payment(paid.contract, receiver, units))
        return self.hand_in(signed, paid.contract)

    def hand_in(self, signed: SignedTx, contract: bytes) -> PaidIn:
        """Hand a signed payment to the network's pool; without a contract it pays coins."""
        self.world.submit(signed.raw)
        network, text = self.world.place.network, "0x" + signed.txid.hex()
        position = "log-0" if contract else "native"
        identity = deposit_id(network, text, position)
        return PaidIn(
            signed.txid,
            DepositInput(network=network, txid=text, position=position, deposit_id=identity),
        )

    async def deposit(self, paid: PaidIn) -> DepositFacts:
        """The deposit as its rows show it; NotFound before the follower saw it."""
        async with self.world.rows.begin() as session:
            return await recall_deposit(session, paid.deposit)

    async def deposit_until(self, paid: PaidIn, holds: Callable[[DepositFacts], bool]) -> DepositFacts:
        """Wait until the rows of a deposit say something."""
        found: list[DepositFacts] = []

        async def looks() -> bool:
            try:
                found.append(await self.deposit(paid))
            except NotFound:
                return False
            return holds(found[-1])

        await self.world.until(looks, f"the deposit {paid.deposit.txid}: {found[-1:]}")
        return found[-1]

    async def credited(self, paid: PaidIn) -> DepositFacts:
        """Wait until the deposit was booked."""
        return await self.deposit_until(paid, lambda facts: facts.credits > facts.returns)

    async def units(
        self, player: int, purpose: Purpose = Purpose.AVAILABLE, asset: Asset | None = None
    ) -> int:
        """What a player has, of coins unless told otherwise."""
        asset_id = (asset or self.world.place.coin).asset_id
        async with self.world.rows.begin() as session:
            return (await player_balances(session, player)).units(asset_id, purpose)

    def bet(self, player: int, key: str = "b-1", *, stake: int = 10**6, under: int = 5000) -> BetInput:
        """A dice bet in coins under a client's key."""
        return BetInput(
            bet_id=bet_id(player, key),
            player=player,
            asset_id=self.world.place.coin.asset_id,
            game=Game.DICE,
            stake=stake,
            under=under,
            client_key=key,
            request_id=f"r-{key}",
            received_at=datetime.now(UTC),
        )

    async def play(self, bet: BetInput) -> BetResult:
        """Place a bet and have its answer."""
        result = await self.world.asker.ask(bet_question(bet, self.world.place.coin))
        assert not isinstance(result, NoAnswer), result
        return result

    async def rotate(self, player: int, key: str, client_seed: str) -> SeedRotationRecord:
        """Turn the player's seed pair under a client's key."""
        request = SeedRotationInput(
            player=player,
            client_key=key,
            client_seed=client_seed,
            request_id=f"r-{key}",
            received_at=datetime.now(UTC),
        )
        record = await self.world.asker.ask(seed_rotation_question(request))
        assert not isinstance(record, NoAnswer), record
        return record

    def wish(
        self,
        player: int,
        units: int | None = None,
        *,
        asset: Asset | None = None,
        payee: bytes | None = None,
        key: str = "w-1",
    ) -> WithdrawalInput:
        """A withdrawal to somebody nobody else pays, of one coin unless told otherwise."""
        place = self.world.place
        return WithdrawalInput(
            withdrawal_id=withdrawal_id(player, key),
            player=player,
            asset_id=(asset or place.coin).asset_id,
            network=place.network,
            payee=payee or stranger(10_000 + next(_numbers)),
            amount=place.whole if units is None else units,
            client_key=key,
            request_id=f"r-{key}",
            received_at=datetime.now(UTC),
        )

    async def withdraw(self, wish: WithdrawalInput) -> WithdrawalFacts | NoAnswer:
        """Ask for money."""
        return await self.world.asker.ask(withdrawal_question(wish, self._asset_of(wish)))

    async def cancel(self, wish: WithdrawalInput) -> WithdrawalFacts | NoAnswer:
        """Want the money back."""
        act = CancelAct(withdrawal_id=wish.withdrawal_id, request_id=f"r-{next(_numbers)}")
        return await self.world.asker.say(cancel_verb(act))

    async def review(
        self, wish: WithdrawalInput, verb: ReviewVerb, *, content: bytes | None = None, ticket: str = "t-1"
    ) -> WithdrawalFacts | NoAnswer:
        """A reviewer's word, by default on what stands in the rows."""
        said = Ticket(
            withdrawal_id=wish.withdrawal_id,
            player=wish.player,
            ticket=ticket,
            verb=verb,
            person="anna",
            words="seen and understood",
            content_hash=content or await self.content_hash(wish),
        )
        return await self.world.asker.say(staff_verb(said))

    async def content_hash(self, wish: WithdrawalInput) -> bytes:
        """What a person sees of a withdrawal and agrees to."""
        return (await self.facts(wish)).seen

    async def withdrawal(self, wish: WithdrawalInput) -> WithdrawalFacts | None:
        """The withdrawal as its rows show it."""
        async with self.world.rows.begin() as session:
            return await recall_withdrawal(session, wish.player, wish.withdrawal_id)

    async def facts(self, wish: WithdrawalInput) -> WithdrawalFacts:
        """The withdrawal as its rows show it, which has to be there."""
        facts = await self.withdrawal(wish)
        assert facts is not None, wish
        return facts

    async def withdrawal_until(
        self, wish: WithdrawalInput, holds: Callable[[WithdrawalFacts], bool], what: str
    ) -> WithdrawalFacts:
        """Wait until the rows of a withdrawal say something."""
        found: list[WithdrawalFacts] = []

        async def looks() -> bool:
            facts = await self.withdrawal(wish)
            if facts is not None:
                found.append(facts)
            return facts is not None and holds(facts)

        try:
            await self.world.until(looks, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the last that was seen: {found[-1:]}") from None
        return found[-1]

    async def ended(self, wish: WithdrawalInput, state: WithdrawalState) -> WithdrawalFacts:
        """Wait until the withdrawal's row and its workflow have ended, and return the row."""
        await self.withdrawal_until(wish, lambda facts: facts.state is state, f"the end as {state}")
        await self.world.money.get_workflow_handle(withdrawal_workflow_id(wish.withdrawal_id)).result()
        facts = await self.withdrawal(wish)
        assert facts is not None
        return facts

    def received(self, wish: WithdrawalInput) -> int:
        """What the payee holds on chain, which nobody but this withdrawal paid."""
        return self.world.held(self._asset_of(wish), wish.payee)

    def payments(self, wish: WithdrawalInput) -> int:
        """How many successful payments to the payee stand on the network's branch."""
        return self.world.payments_to(wish.payee)

    def _asset_of(self, wish: WithdrawalInput) -> Asset:
        coin, token = self.world.place.assets
        return token if wish.asset_id == token.asset_id else coin
