"""The hot wallets as the staff see them: levels, wallets, who waits, and what to send where."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from api.schemas.amounts import Shown, UnitsShown
from domain.levels import Level
from domain.liquidity import Hindrance


class HotWalletAnswer(Shown):
    """One hot wallet and what it holds of one asset; an unmined transaction stands in no block so far."""

    address: str = Field(examples=["0x52908400098527886E0F7030069857D2E4169EE7"])
    state: str
    why: str | None = Field(description="Why it is not open.")
    confirmed: UnitsShown = Field(description="Its balance at the newest final block.")
    committed: UnitsShown = Field(description="Promised to sends that have not ended.")
    floor: UnitsShown
    target: UnitsShown
    ceiling: UnitsShown
    incoming: UnitsShown = Field(description="In a block that is not final so far.")
    unmined: int
    takes_sends: bool = Field(description="Open, and its nonce lane has room.")


class LackAnswer(Shown):
    """How much of an asset has to arrive."""

    asset: str = Field(examples=["USDT@eip155:1"])
    decimals: int
    amount: UnitsShown


class WaitingAnswer(Shown):
    """One send that waits for a wallet; the id of a withdrawal is the withdrawal's."""

    id: UUID
    kind: str
    place: int
    amount: UnitsShown
    waiting_since: datetime
    was_passed: bool = Field(description="A smaller one went ahead of it; nobody will again.")
    lacks: list[LackAnswer] = Field(description="What it and those before it lack.")
    hindrance: Hindrance
    expected_at: datetime | None = Field(description="When what it lacks will be final, if it is on its way.")


class TopUpAnswer(Shown):
    """What people have to send to a hot wallet; `incoming` is on its way beside it."""

    address: str
    amount: UnitsShown
    incoming: UnitsShown


class AssetLiquidityAnswer(Shown):
    """One asset of one network: how it stands, its wallets, and its queue, longest waiting first."""

    network: str
    asset: str
    decimals: int
    level: Level
    sentence: str
    free: UnitsShown = Field(description="What the open wallets can still promise.")
    waiting: int
    wallets: list[HotWalletAnswer]
    queue: list[WaitingAnswer] = Field(description="The first 100 of those who wait.")
    top_ups: list[TopUpAnswer]


class LiquidityAnswer(Shown):
    """Every asset of every network that has a hot wallet."""

    items: list[AssetLiquidityAnswer]
