"""The judge of a run: the ledger's own rules, and the books against the chains, read by a plain node client.

It asks the nodes itself and shares no adapter with what it judges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from devstack.local_chains import LocalChain, SeededNetwork
from devstack.postgres import Postgres
from devstack.seeding import OPERATOR
from domain.accounts import Purpose
from domain.assets import Asset
from domain.deposits import WalletRole
from ledger.balances import house_balance
from ledger.chain_invariants import check_chain_invariants
from ledger.invariants import check_invariants
from ledger.session import Sessions, create_ledger_engine

HOLDERS = {
    Purpose.DEPOSIT_ADDRESSES: (WalletRole.DEPOSIT,),
    Purpose.HOT_WALLET: (WalletRole.HOT,),
    Purpose.GAS_TANK: (WalletRole.GAS, WalletRole.ENERGY),
    Purpose.COLD: (WalletRole.COLD,),
}
"""Whose coins each purpose counts."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One holding of one asset: what the books say and what the chain says, in the asset's units."""

    asset: Asset
    holder: Purpose
    books: int
    chain: int

    @property
    def is_equal(self) -> bool:
        return self.books == self.chain


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that was checked: rule to whether it holds, and the holdings compared."""

    invariants: Mapping[str, bool]
    comparisons: Sequence[Comparison]

    @property
    def is_clean(self) -> bool:
        return all(self.invariants.values())


async def audit(postgres: Postgres, networks: Sequence[SeededNetwork[LocalChain]]) -> Audit:
    """Check all rules in one snapshot and compare every holding; nothing may be under way."""
    sessions = Sessions(create_ledger_engine(postgres.dsn()))
    try:
        async with sessions.snapshot() as session:
            broken = {**await check_invariants(session), **await check_chain_invariants(session)}
            comparisons = []
            for seeded in networks:
                for purpose, roles in HOLDERS.items():
                    asked = {"family": seeded.terms.family, "roles": [role.value for role in roles]}
                    rows = await session.execute(_ADDRESSES, asked)
                    addresses = [bytes(row.address) for row in rows]
                    for asset in seeded.assets:
                        booked = await house_balance(session, OPERATOR, purpose, asset.asset_id)
                        held = sum(seeded.chain.held(asset.contract, address) for address in addresses)
                        comparisons.append(Comparison(asset, purpose, booked, held))
    finally:
        await sessions.close()
    holds = {name: not rows for name, rows in broken.items()}
    holds["books_equal_chain"] = all(comparison.is_equal for comparison in comparisons)
    return Audit(holds, comparisons)


_ADDRESSES = text("SELECT address FROM chain.watched WHERE family = :family AND role = ANY(:roles)")
