"""Withdrawals over a real chain whose node fails while it is handed the payment: each is paid once."""

import pytest

from domain.assets import Asset
from domain.withdrawals import WithdrawalState
from tests.support.ledger_database import COIN, TOKEN
from tests.support.world_house import ETHER
from tests.support.world_people import People


@pytest.mark.parametrize(("asset", "units"), [(COIN, ETHER), (TOKEN, 10**8)], ids=["coin", "token"])
async def test_a_withdrawal_is_paid_over_a_real_chain(evm_people: People, asset: Asset, units: int) -> None:
    """Deposit, withdrawal and settlement against a real node: the payee holds the amount to the unit."""
    player = await evm_people.rich_player()
    if asset is TOKEN:
        await evm_people.credited(evm_people.pay_in(await evm_people.address(player), 10**9, TOKEN))
    wish = evm_people.wish(player, units, asset=asset)
    await evm_people.withdraw(wish)
    await evm_people.ended(wish, WithdrawalState.SETTLED)
    assert evm_people.received(wish) == units
    assert evm_people.payments(wish) == 1
