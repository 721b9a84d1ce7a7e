"""An account over many networks: totals lose nothing, and the order of the networks changes nothing."""

from fractions import Fraction

from hypothesis import given
from hypothesis.strategies import DrawFn, composite, dictionaries, integers, lists, sampled_from, tuples

from domain.accounts import Purpose
from domain.applying import advance, apply_batch
from domain.assets import DECIMALS_MAX, Asset, AssetKind, Catalogue, NetworkId
from domain.holdings import Holding, by_currency
from domain.ids import PlayerKey
from tests.support.ledger_chance import open_world
from tests.support.ledger_journal import Actor
from tests.support.ledger_model import NaiveLedger

UNITS = integers(-(10**30), 10**77)
CHAINS = (1, 2)


@composite
def catalogues(draw: DrawFn) -> Catalogue:
    """Assets of a few currencies, each on a network of its own and with decimals of its own."""
    drawn = draw(lists(integers(0, DECIMALS_MAX), min_size=1, max_size=8))
    return Catalogue(
        Asset(
            number,
            draw(sampled_from(["USDT", "USDC", "EURC"])),
            NetworkId(f"eip155:{number}"),
            AssetKind.NATIVE,
            decimals,
        )
        for number, decimals in enumerate(drawn, start=1)
    )


@given(catalogues(), dictionaries(integers(1, 8), UNITS))
def test_a_total_is_the_exact_sum_of_its_assets(catalogue: Catalogue, units: dict[int, int]) -> None:
    """In fractions of a coin both sides are the same number, whatever the decimals are."""
    held = {number: Holding(available=amount, owed=-amount) for number, amount in units.items()}
    for total in by_currency(held, catalogue):
        members = [asset for asset in catalogue.assets if asset.currency == total.currency]
        coins = sum(
            (Fraction(units.get(asset.asset_id, 0), 10**asset.decimals) for asset in members), Fraction()
        )
        assert Fraction(total.holding.available, 10**total.decimals) == coins
        assert total.holding.owed == -total.holding.available
        assert total.networks == tuple(asset.network for asset in members)


@given(lists(tuples(sampled_from(CHAINS), integers(1, 20)), max_size=40), integers(1, 7))
def test_credits_of_two_networks_are_all_there_in_any_order(
    deliveries: list[tuple[int, int]], size: int
) -> None:
    """However two chains alternate, repeat themselves and are cut into batches: each keeps its own units."""
    state = open_world(NaiveLedger())
    commands = [
        Actor(1, chain).deposits(units, txid=f"{chain:02x}{units:02x}") for chain, units in deliveries
    ]
    for start in range(0, len(commands), size):
        _, writes = apply_batch(state, commands[start : start + size])
        state = advance(state, writes)
    known = state[Actor(1).slot]
    once = set(deliveries)
    for asset_id in CHAINS:
        account = Actor(1, asset_id).account(Purpose.AVAILABLE)
        assert known.balances[account].units == sum(units for chain, units in once if chain == asset_id)
    assert known.players[PlayerKey(Actor(1).player)] == len(once)
