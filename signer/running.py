"""Runs the signer: one worker per network served, until it is asked to stop."""

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from psycopg import Error as DatabaseError
from temporalio.client import Client
from temporalio.worker import Worker

from chains.codecs.addresses import show_address
from domain.signing import sign_queue
from signer.client import connect
from signer.keystore_keys import Keystore
from signer.policy import NetworkTerms
from signer.records import SignerDatabase
from signer.settings import ProcessSettings
from signer.signing import SigningActivities, Vault

CONCURRENT_PER_NETWORK = 4
GRACE = timedelta(seconds=10)
HEALTH_SECONDS = 2.0

_logger = logging.getLogger(__name__)


class KeyMissing(Exception):
    """A wallet of the policy file whose key is not in the keystore."""


async def run(settings: ProcessSettings) -> None:
    """Serve every network of the policy file until SIGTERM or SIGINT; then finish what was begun.

    Raises KeyMissing, KeystoreUnreadable or ValueError before anything is served.
    """
    terms = settings.signer.read_policy().terms()
    keystore = Keystore(settings.keystore.directory, settings.keystore.password)
    vault = Vault(wallets=keystore.wallets(), accounts=keystore.accounts())
    check_keys(terms, vault)
    stop = _stop_on_signals()
    database = SignerDatabase(settings.database.dsn)
    await database.open()
    try:
        connecting = asyncio.ensure_future(
            connect(settings.signer.temporal_address, settings.signer.temporal_namespace)
        )
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            connecting.cancel()
            return
        signing = SigningActivities(database, vault, terms, now_ms, settings.signer.stop_file)
        await _serve(
            connecting.result(), signing, terms, _Health(database, settings.signer.health_file), stop
        )
    finally:
        await database.close()


def build_workers(client: Client, signing: SigningActivities, terms: dict[str, NetworkTerms]) -> list[Worker]:
    """One worker per network; it runs no workflow code."""
    return [
        Worker(
            client,
            task_queue=sign_queue(network),
            activities=[signing.sign, signing.forbid_signing, signing.confirm_addresses],
            max_concurrent_activities=CONCURRENT_PER_NETWORK,
            graceful_shutdown_timeout=GRACE,
        )
        for network in terms
    ]


def check_keys(terms: dict[str, NetworkTerms], vault: Vault) -> None:
    """Every wallet that may pay has its key here; raises KeyMissing."""
    for network in terms.values():
        for wallet in network.wallets:
            if network.key_of(wallet) not in vault.wallets:
                shown = show_address(network.network, wallet)
                raise KeyMissing(f"the keystore has no key for wallet {shown} of {network.network}")


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class _Health:
    """A file that is touched while the database answers and all workers poll; absent before and after."""

    def __init__(self, database: SignerDatabase, file: Path | None) -> None:
        self._database = database
        self._file = file

    async def keep(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(HEALTH_SECONDS)

    async def _look(self) -> None:
        try:
            async with self._database.transaction() as connection:
                await connection.execute("SELECT 1")
        except DatabaseError as error:
            _logger.warning("the database does not answer: %s", type(error).__name__)
        else:
            if self._file is not None:
                self._file.touch()

    def end(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)


async def _serve(
    client: Client,
    signing: SigningActivities,
    terms: dict[str, NetworkTerms],
    health: _Health,
    stop: asyncio.Event,
) -> None:
    async with AsyncExitStack() as stack:
        for worker in build_workers(client, signing, terms):
            await stack.enter_async_context(worker)
        beating = asyncio.ensure_future(health.keep())
        _logger.info("signing for %s", ", ".join(terms))
        try:
            await stop.wait()
        finally:
            beating.cancel()
            health.end()
            _logger.info("stopping")


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
