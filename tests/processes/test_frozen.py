"""What people have to look at first: on a frozen network, or when the signer's answer was lost for good."""

from domain.sends import AttemptOutcome
from domain.wishes import SupportVerb
from domain.withdrawals import WithdrawalState
from ledger.finality import freeze
from tests.support.ledger_database import NETWORK
from tests.support.world import World
from tests.support.world_house import ETHER
from tests.support.world_people import RICHES, People
from tests.support.world_support import attempts_of, refusing, say, stands
from workflows.names import SignalName, withdrawal_workflow_id

FEE = 500


async def test_a_refund_waits_while_its_network_is_frozen(own_world: World) -> None:
    """The proof was stored before the freeze and counts only after people lifted it."""
    people = People(own_world, stock=1)
    player = await people.rich_player()
    wish = people.wish(player)
    workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
    planning = own_world.mischief.hold(workflow_id, "plan_send")
    returning = own_world.mischief.hold(workflow_id, "return_withdrawal")
    await people.withdraw(wish)
    await own_world.reached(planning)
    with refusing(own_world, wish.payee):
        planning.let_go()
        await stands(own_world, wish, "PAYEE_REFUSES")
        await say(own_world, wish, SupportVerb.REJECT_AND_REFUND)
        await own_world.reached(returning)
    async with own_world.rows.begin() as session:
        await freeze(session, NETWORK, "a test")
    returning.let_go()

    async def was_refused() -> bool:
        return own_world.mischief.calls[workflow_id, "return_withdrawal"] > 1

    await own_world.until(was_refused, "a refused refund that is tried again")
    facts = await people.withdrawal(wish)
    assert facts is not None
    assert facts.state is WithdrawalState.COMMITTED
    with own_world.database.raw() as connection:
        connection.execute("UPDATE chain.chains SET mode = 'open', why = NULL")
    await people.ended(wish, WithdrawalState.REFUNDED)
    assert await people.units(player) == RICHES


async def test_bytes_whose_answer_was_lost_for_good_still_pay(world: World, people: People) -> None:
    """The network would refuse a new plan: what the signer stored goes out under the terms it was signed."""
    player = await people.rich_player()
    wish = people.wish(player)
    workflow_id = withdrawal_workflow_id(wish.withdrawal_id)
    world.is_still = True
    world.mischief.lose_for_good(workflow_id, "sign")
    await people.withdraw(wish)
    await stands(world, wish, "CORRUPT")
    with refusing(world, wish.payee):
        await world.money.get_workflow_handle(workflow_id).signal(SignalName.RETRY_NOW, "anna")
        await people.withdrawal_until(
            wish, lambda facts: attempts_of(facts)[-1].state.value == "accepted", "bytes with the nodes"
        )
    world.is_still = False
    facts = await people.ended(wish, WithdrawalState.SETTLED)
    assert [(one.variants, one.outcome) for one in attempts_of(facts)] == [(1, AttemptOutcome.PAID)]
    assert people.payments(wish) == 1
    assert await people.units(player) == RICHES - ETHER - FEE
