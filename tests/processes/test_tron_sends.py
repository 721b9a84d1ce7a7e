"""Withdrawals over a Tron chain whose nodes fail: paid once, by our bytes, and never twice after a death."""

import pytest

from domain.sends import AttemptOutcome
from domain.withdrawals import WithdrawalState
from tests.support.world_people import People
from tests.support.world_tron import SUN, TronTerms, TronWorld

TERMS = TronTerms(wallets=1)


@pytest.mark.parametrize("asset", ["coin", "token"])
async def test_a_withdrawal_pays_exactly_the_amount(
    tron_world: TronWorld, tron_people: People, asset: str
) -> None:
    """A payee nobody knew gets TRX with its activation paid beside it, or the tokens; both once."""
    place = tron_world.place
    paid = place.coin if asset == "coin" else place.token
    player = await tron_people.rich_player()
    if asset == "token":
        await tron_people.credited(
            tron_people.pay_in(await tron_people.address(player), 5 * SUN, place.token)
        )
    wish = tron_people.wish(player, 2 * SUN, asset=paid)
    await tron_people.withdraw(wish)
    facts = await tron_people.ended(wish, WithdrawalState.SETTLED)
    assert tron_people.received(wish) == 2 * SUN
    assert tron_people.payments(wish) == 1
    assert facts.send is not None
    assert [one.outcome for one in facts.send.attempts] == [AttemptOutcome.PAID]
