"""Small acts have one answer for ever, however often and however many at once ask for it."""

import asyncio
from datetime import UTC, datetime

import pytest

from api.asking import NoAnswer
from api.errors import Refused
from api.questions import address_question, player_question
from domain.fairness import commitment
from domain.ids import player_of
from domain.players import AddressInput, PlayerInput
from tests.support.world import SIGNER, Terms, World
from tests.support.world_buttons import terminate
from tests.support.world_house import FAMILY, OPERATOR
from tests.support.world_people import People
from workers.registry import PROCESSES

AT_ONCE = 20
WITHOUT_SIGNER = Terms(processes=tuple(PROCESSES))


async def test_a_person_registered_twenty_times_at_once_is_one_player(people: People) -> None:
    """The same name gets the same number in every answer."""
    numbers = await asyncio.gather(*(people.register("anna") for _ in range(AT_ONCE)))
    assert len(set(numbers)) == 1
    assert await people.register("bert") not in numbers


async def test_an_unknown_brand_registers_nobody(world: World) -> None:
    """A refusal is the answer, for the first caller and for the next."""
    request = PlayerInput(operator=9, external_id="anna", request_id="r-1", received_at=datetime.now(UTC))
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await world.asker.ask(player_question(request))
        assert refused.value.code == "NOT_FOUND"


async def test_an_address_asked_for_twenty_times_at_once_is_one_address(people: People) -> None:
    """A player has one address in a key family; another player has another."""
    player, other = await people.register(), await people.register()
    addresses = await asyncio.gather(*(people.address(player) for _ in range(AT_ONCE)))
    assert len(set(addresses)) == 1
    assert await people.address(other) not in addresses


async def test_a_stranger_gets_no_address(world: World) -> None:
    """An address is given to registered players only."""
    request = AddressInput(
        player=player_of(OPERATOR, 999_999), family=FAMILY, request_id="r-1", received_at=datetime.now(UTC)
    )
    with pytest.raises(Refused) as refused:
        await world.asker.ask(address_question(request))
    assert refused.value.code == "NOT_FOUND"


@pytest.mark.parametrize("own_world", [WITHOUT_SIGNER], indirect=True)
async def test_an_empty_pool_keeps_a_player_waiting_and_then_answers(own_world: World) -> None:
    """No address is shown before the signer confirmed it; when it comes back the same request is answered."""
    people = People(own_world)
    player = await people.register()
    request = AddressInput(player=player, family=FAMILY, request_id="r-1", received_at=datetime.now(UTC))
    asking = asyncio.ensure_future(own_world.asker.ask(address_question(request)))
    workflow_id = f"address/{player}/{FAMILY}"

    async def was_refused() -> bool:
        return own_world.mischief.calls[workflow_id, "assign_address"] > 1

    await own_world.until(was_refused, "a second try to take an address from the empty pool")
    assert not asking.done()
    await own_world.start(SIGNER)
    answer = await asking
    while isinstance(answer, NoAnswer):
        answer = await own_world.asker.ask(address_question(request))
    assert len(answer.address) == 20
    assert (await people.address(player)) == answer.address


async def test_a_rotation_asked_for_twenty_times_at_once_turns_one_pair(people: People) -> None:
    """One seed is revealed, it is the one that was committed to, and the pair promised before is in use."""
    player = await people.rich_player()
    bet = await people.play(people.bet(player))
    records = await asyncio.gather(*(people.rotate(player, "k-1", "my-seed") for _ in range(AT_ONCE)))
    assert len({record.model_copy(update={"repeat": False}) for record in records}) == 1
    turned = records[0]
    assert turned.revealed.server_seed is not None
    assert commitment(turned.revealed.server_seed) == turned.revealed.commit == bet.commit
    assert (turned.current.client_seed, turned.current.server_seed) == ("my-seed", None)
    after = await people.play(people.bet(player, "b-2"))
    assert (after.commit, after.nonce) == (turned.current.commit, 0)


async def test_two_rotations_at_once_turn_two_pairs(people: People) -> None:
    """Different requests each reveal a pair of their own, one after the other."""
    player = await people.rich_player()
    turned = await asyncio.gather(
        people.rotate(player, "k-1", "seed-one"), people.rotate(player, "k-2", "seed-two")
    )
    pairs = sorted(record.revealed.pair for record in turned)
    assert pairs == [1, 2]


async def test_a_used_client_seed_is_refused(people: People) -> None:
    """Going back to a seed that was played with would repeat rolls: it is refused and nothing is revealed."""
    player = await people.rich_player()
    await people.rotate(player, "k-1", "seed-one")
    await people.play(people.bet(player))
    await people.rotate(player, "k-2", "seed-two")
    with pytest.raises(Refused) as refused:
        await people.rotate(player, "k-3", "seed-one")
    assert refused.value.code == "REQUEST_INVALID"


@pytest.mark.parametrize("step", ["register_player", "assign_address"])
async def test_a_lost_answer_is_one_record(world: World, people: People, step: str) -> None:
    """A step that took effect and could not say so answers what it did before."""
    name = f"unlucky at {step}"
    world.mischief.lose_answer(f"player/{OPERATOR}/{name}", "register_player")
    player = await people.register(name)
    world.mischief.lose_answer(f"address/{player}/{FAMILY}", "assign_address")
    first = await people.address(player)
    assert await people.register(name) == player
    assert await people.address(player) == first


async def test_a_terminated_registration_bars_nobody(world: World, people: People) -> None:
    """The same request starts it anew, at once or later, and is answered from its row."""
    workflow_id = f"player/{OPERATOR}/terminated"
    hold = world.mischief.hold(workflow_id, "register_player")
    asking = asyncio.ensure_future(people.register("terminated"))
    await world.reached(hold)
    await terminate(world.money, workflow_id)
    hold.let_go()
    assert await asking == await people.register("terminated")


async def test_a_terminated_request_for_an_address_bars_nobody(world: World, people: People) -> None:
    """The player is given one address, by whichever run came to it."""
    player = await people.register()
    workflow_id = f"address/{player}/{FAMILY}"
    hold = world.mischief.hold(workflow_id, "assign_address")
    asking = asyncio.ensure_future(people.address(player))
    await world.reached(hold)
    await terminate(world.money, workflow_id)
    hold.let_go()
    assert await asking == await people.address(player)


async def test_a_terminated_rotation_turns_its_pair(world: World, people: People) -> None:
    """Asked again under its key it reveals one seed, and no second one."""
    player = await people.rich_player()
    await people.play(people.bet(player))
    workflow_id = f"seeds/{player}/k-1"
    hold = world.mischief.hold(workflow_id, "rotate_seeds")
    asking = asyncio.ensure_future(people.rotate(player, "k-1", "my-seed"))
    await world.reached(hold)
    await terminate(world.bets, workflow_id)
    hold.let_go()
    first, again = await asking, await people.rotate(player, "k-1", "my-seed")
    assert first.revealed == again.revealed
    assert (first.revealed.pair, again.current.pair) == (1, 2)
