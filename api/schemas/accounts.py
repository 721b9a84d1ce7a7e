"""What a player has: the assets of the house, balances with their version, and the statement."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import Counter, Shown, SignedUnitsShown, TotalShown, UnitsShown
from domain.accounts import Purpose
from domain.assets import Asset, AssetKind
from domain.holdings import CurrencyTotal, Held
from domain.rules import Policy
from ledger.balances import PlayerBalances
from ledger.statements import StatementLine


class AssetAnswer(Shown):
    """One listed asset and its limits; a missing limit means that the house does not offer it."""

    asset: str
    network: str
    currency: str = Field(description="Assets of one currency are added up in an account's totals.")
    kind: AssetKind
    decimals: int = Field(description="Units are 10^-decimals of one coin.")
    contract: str | None
    deposit_minimum: UnitsShown
    withdrawal_minimum: UnitsShown | None = None
    withdrawal_maximum: UnitsShown | None = None
    withdrawal_fee: UnitsShown | None = None
    stake_minimum: UnitsShown | None = None
    stake_maximum: UnitsShown | None = None

    @classmethod
    def of(cls, asset: Asset, contract: str | None, policy: Policy) -> "AssetAnswer":
        terms = policy.terms_of(asset.asset_id)
        bounds = policy.bounds_of(asset.asset_id)
        tier = next((tier for tier in policy.withdrawal_tiers if tier.asset_id == asset.asset_id), None)
        is_paid_out = terms is not None and tier is not None
        return cls(
            asset=asset.symbol,
            network=asset.network,
            currency=asset.currency,
            kind=asset.kind,
            decimals=asset.decimals,
            contract=contract,
            deposit_minimum=policy.deposit_minimum(asset.asset_id),
            withdrawal_minimum=terms.minimum if terms and is_paid_out else None,
            withdrawal_maximum=tier.review if tier and is_paid_out else None,
            withdrawal_fee=terms.fee if terms and is_paid_out else None,
            stake_minimum=bounds.minimum if bounds else None,
            stake_maximum=bounds.maximum if bounds else None,
        )


class AssetsAnswer(Shown):
    """The closed catalogue."""

    items: list[AssetAnswer]


class BalanceAnswer(Shown):
    """What a player has of one asset."""

    asset: str
    network: str
    decimals: int
    available: SignedUnitsShown = 0
    in_play: SignedUnitsShown = 0
    pending_withdrawal: SignedUnitsShown = 0

    @classmethod
    def of(cls, asset: Asset, balances: PlayerBalances) -> "BalanceAnswer":
        return cls(
            asset=asset.symbol,
            network=asset.network,
            decimals=asset.decimals,
            available=balances.units(asset.asset_id, Purpose.AVAILABLE),
            in_play=balances.units(asset.asset_id, Purpose.IN_PLAY),
            pending_withdrawal=balances.units(asset.asset_id, Purpose.PENDING_WITHDRAWAL),
        )


class BalancesAnswer(Shown):
    """All balances of one player, read together; `version` counts the postings that touched the player."""

    player_id: str
    version: Counter
    items: list[BalanceAnswer]


class AccountAsset(Shown):
    """What a player has of one asset on one network, in the asset's units."""

    asset: str
    network: str
    currency: str
    decimals: int
    available: SignedUnitsShown
    locked: UnitsShown = Field(
        description="So much of what is available cannot be withdrawn until its deposit is final."
    )
    in_play: SignedUnitsShown
    pending_withdrawal: SignedUnitsShown
    owed: UnitsShown = Field(description="For a credited deposit that its network took back.")

    @classmethod
    def of(cls, held: Held) -> "AccountAsset":
        asset, holding = held.asset, held.holding
        return cls(
            asset=asset.symbol,
            network=asset.network,
            currency=asset.currency,
            decimals=asset.decimals,
            available=holding.available,
            locked=holding.locked,
            in_play=holding.in_play,
            pending_withdrawal=holding.pending_withdrawal,
            owed=holding.owed,
        )


class AccountTotal(Shown):
    """What a player has of one currency on all its networks; exact, on the finest scale of them."""

    currency: str = Field(examples=["USDT"])
    decimals: int = Field(
        description="The most that the currency has on any network; units are 10^-decimals."
    )
    networks: list[str]
    available: TotalShown
    locked: TotalShown
    in_play: TotalShown
    pending_withdrawal: TotalShown
    owed: TotalShown

    @classmethod
    def of(cls, total: CurrencyTotal) -> "AccountTotal":
        holding = total.holding
        return cls(
            currency=total.currency,
            decimals=total.decimals,
            networks=list(total.networks),
            available=holding.available,
            locked=holding.locked,
            in_play=holding.in_play,
            pending_withdrawal=holding.pending_withdrawal,
            owed=holding.owed,
        )


class AccountAnswer(Shown):
    """Everything one player has, read at one moment.

    `version` counts the postings that touched the player, whatever network they came from: an answer with a
    higher one is newer. When a deposit becomes final, `locked` falls without a posting.
    """

    player_id: str
    version: Counter
    assets: list[AccountAsset]
    totals: list[AccountTotal]


class StatementEntry(Shown):
    """One movement on a player's available balance; `change` is negative for what went out."""

    posting_id: UUID
    kind: str = Field(examples=["deposit_credited"])
    movement: str = Field(examples=["principal"])
    change: SignedUnitsShown
    available: SignedUnitsShown = Field(description="After this movement.")
    reference: str | None = Field(default=None, description="The deposit, bet or withdrawal it belongs to.")
    version: Counter = Field(description="The player's version after this posting.")
    posted_at: datetime

    @classmethod
    def of(cls, line: StatementLine) -> "StatementEntry":
        return cls(
            posting_id=line.posting_id,
            kind=line.kind.name.lower(),
            movement=line.code.name.lower(),
            change=line.change,
            available=line.after,
            reference=line.ref,
            version=line.version,
            posted_at=line.posted_at,
        )


class StatementAnswer(Shown):
    """Movements of one asset, newest first; lines posted meanwhile do not shift later pages."""

    asset: str
    network: str
    decimals: int
    items: list[StatementEntry]
    next: str | None = Field(default=None, description="The cursor of the next page.")
