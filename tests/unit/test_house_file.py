"""What a house file may not say about deposits."""

import pytest
from pydantic import ValidationError

from bootstrap.settings import AssetEntry, HouseFile
from domain.deposits import COIN_FACE
from domain.rules import CreditTier, DepositTerms, Policy


def house(*tiers: tuple[int, int]) -> HouseFile:
    """Return a house that lends by these tiers."""
    early = tuple(CreditTier(up_to=up_to, confirmations=depth) for up_to, depth in tiers)
    policy = Policy(version=1, deposit_terms=(DepositTerms(asset_id=1, minimum=1, early=early),))
    return HouseFile(
        operator=1, name="House", assets=(), networks=(), addresses=(), wallets=(), policy=policy.model_dump()
    )


@pytest.mark.parametrize("tiers", [(), ((100, 12),), ((2_000, 32), (100, 12)), ((100, 5), (200, 5))])
def test_larger_tiers_wait_longer(tiers: tuple[tuple[int, int], ...]) -> None:
    """The order in the file does not matter."""
    assert len(house(*tiers).policy.deposit_terms[0].early) == len(tiers)


@pytest.mark.parametrize("tiers", [((100, 0),), ((100, 12), (2_000, 11)), ((2_000, 32), (100, 33))])
def test_a_larger_tier_that_waits_less_is_refused(tiers: tuple[tuple[int, int], ...]) -> None:
    """Nothing is lent without a block, and more is never lent for less."""
    with pytest.raises(ValidationError, match="at least as many confirmations"):
        house(*tiers)


def test_the_face_of_the_coin_cannot_be_listed() -> None:
    """It would count every payment of coins a second time."""
    with pytest.raises(ValidationError, match="no token"):
        AssetEntry(id=9, symbol="POL", network="eip155:137", decimals=18, contract=COIN_FACE)
