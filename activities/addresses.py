"""AddressActivities: which deposit addresses are wanted, and storing those the signer has confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from chains.gateway import AddressSource
from domain.errors import BytesMismatch
from domain.players import PoolInput
from domain.signing import AddressRange, ConfirmedAddresses
from ledger.addresses import insert_pool, next_index, pool_size
from ledger.session import Sessions

RANGE_MAX = 50


@dataclass(frozen=True, slots=True)
class DerivedFamily:
    """One key family: the account in use, its public derivation, and how many addresses are kept ready."""

    account: int
    source: AddressSource
    ready: int


@dataclass(frozen=True, slots=True)
class AddressActivities:
    """The pool of deposit addresses of each key family."""

    sessions: Sessions
    families: Mapping[str, DerivedFamily]

    @activity.defn
    async def wanted_addresses(self, pool: PoolInput) -> AddressRange | None:
        """The next range to confirm, or None while enough are ready."""
        family = self.families[pool.family]
        async with self.sessions.begin() as session:
            missing = family.ready - await pool_size(session, pool.family)
            if missing <= 0:
                return None
            first = await next_index(session, pool.family, family.account)
        return AddressRange(
            family=pool.family, account=family.account, first=first, last=first + min(missing, RANGE_MAX) - 1
        )

    @activity.defn
    async def store_addresses(self, confirmed: ConfirmedAddresses) -> None:
        """Store confirmed addresses; raises BytesMismatch if the public key derives others."""
        source = self.families[confirmed.family].source
        for offset, address in enumerate(confirmed.addresses):
            if source.derive(confirmed.first + offset) != address:
                what = f"deposit address {confirmed.family} {confirmed.first + offset}"
                raise BytesMismatch(what)
        async with self.sessions.begin() as session:
            await insert_pool(
                session,
                confirmed.family,
                confirmed.account,
                confirmed.first,
                confirmed.addresses,
                datetime.now(UTC),
            )
