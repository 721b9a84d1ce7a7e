"""One rollout step: the newest schema, and what the house file lists entered into it; safe to repeat."""

from pathlib import Path

from pydantic import SecretStr

from bootstrap.settings import HouseSettings, MigrationSettings
from ledger.migrating import upgrade
from ledger.nonce_lanes import FloatLimits, register_wallet, set_float_limits
from ledger.opening import register_assets
from ledger.registrations import ensure_operator
from ledger.session import Sessions, create_ledger_engine


async def migrate_from_environment() -> None:
    """Bring the schema up and enter the house, as the role of the migrations."""
    dsn = MigrationSettings().dsn
    upgrade(dsn.get_secret_value())
    await enter(dsn, HouseSettings().file)


async def enter(dsn: SecretStr, house_file: Path) -> None:
    """Enter brand, assets and wallets of a house file; raises RecordMismatch if the books differ."""
    house = HouseSettings(file=house_file).read()
    sessions = Sessions(create_ledger_engine(dsn.get_secret_value()))
    try:
        async with sessions.begin() as session:
            await ensure_operator(session, house.operator, house.name)
            await register_assets(session, house.catalogue.assets)
            for wallet in house.wallets:
                await register_wallet(session, wallet.network, wallet.address, wallet.role)
                for level in wallet.floats:
                    limits = FloatLimits(floor=level.floor, target=level.target, ceiling=level.ceiling)
                    await set_float_limits(session, wallet.network, wallet.address, level.asset_id, limits)
    finally:
        await sessions.close()
