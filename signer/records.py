"""The signer's own rows: nonce lanes, claims, signatures, refusals and the kill switch.

Everything that makes a payment single is a key here: one claim per (send, attempt) and per (network, wallet,
serial), one set of bytes per (send, attempt, variant).
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from domain.sends import SignedTx
from domain.signing import SigningIntent

NUMBER_MAX = 32_767
NO_PAYMENT = bytes(32)
"""The fingerprint of a tombstone, which pays nothing."""
POOL_SIZE = 4
WAIT_SECONDS_MAX = 5.0
SESSION_LIMITS = "-c statement_timeout=5000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=10000"


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt's hold on the chain; without a serial it is a tombstone and nothing may be signed for it."""

    chain_id: str
    wallet: bytes
    serial: int | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """Bytes that may be on their way since the moment they were stored."""

    variant: int
    chain_id: str
    wallet: bytes
    serial: int
    kind: str
    purpose: str
    txid: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class SignedVariant:
    """What is stored before it is answered: the bytes, and what they are a variant of."""

    intent: SigningIntent
    serial: int
    tx: SignedTx


class SignerDatabase:
    """Connections of the signer's role; every statement and lock wait is bounded."""

    def __init__(
        self, dsn: SecretStr, pool_size: int = POOL_SIZE, wait_seconds: float = WAIT_SECONDS_MAX
    ) -> None:
        self._pool = AsyncConnectionPool(
            dsn.get_secret_value(),
            min_size=1,
            max_size=pool_size,
            timeout=wait_seconds,
            kwargs={"options": SESSION_LIMITS, "application_name": "croupier-signer"},
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Begin to connect; the database may come up later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection[Any], None]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection


async def stopped_scopes(connection: AsyncConnection[Any], scopes: Sequence[str]) -> tuple[str, ...]:
    """Which of these scopes the kill switch has stopped."""
    rows = await connection.execute(
        "SELECT scope FROM signer.switches WHERE scope = ANY(%s) ORDER BY scope", [list(scopes)]
    )
    return tuple(row[0] for row in await rows.fetchall())


async def trip(connection: AsyncConnection[Any], scope: str, why: str) -> None:
    """Stop a scope; a scope that is stopped already keeps its first reason."""
    await connection.execute(
        "INSERT INTO signer.switches (scope, why) VALUES (%s, %s) ON CONFLICT DO NOTHING", [scope, why]
    )


async def lock_lane(connection: AsyncConnection[Any], network: str, wallet: bytes) -> int | None:
    """Wait for a wallet's nonce lane and return its next nonce; None for a wallet never registered."""
    rows = await connection.execute(
        "SELECT next_nonce FROM signer.nonce_lanes WHERE chain_id = %s AND wallet = %s FOR UPDATE",
        [network, wallet],
    )
    row = await rows.fetchone()
    return None if row is None else int(row[0])


async def take_serial(connection: AsyncConnection[Any], network: str, wallet: bytes, lowest: int) -> int:
    """Take the next serial of a locked lane, a nonce or a timestamp; never again one below `lowest`."""
    rows = await connection.execute(
        "UPDATE signer.nonce_lanes SET next_nonce = greatest(next_nonce, %s) + 1"
        " WHERE chain_id = %s AND wallet = %s RETURNING next_nonce - 1",
        [lowest, network, wallet],
    )
    row = await rows.fetchone()
    assert row is not None, "the lane was locked before"
    return int(row[0])


async def claim_of(connection: AsyncConnection[Any], send_id: UUID, attempt: int) -> Claim | None:
    """Read the claim of an attempt, if it has one."""
    async with connection.cursor(row_factory=class_row(Claim)) as cursor:
        await cursor.execute(
            "SELECT chain_id, wallet, serial, fingerprint FROM signer.claims"
            " WHERE send_id = %s AND attempt = %s",
            [send_id, attempt],
        )
        return await cursor.fetchone()


async def signatures_of(
    connection: AsyncConnection[Any], send_id: UUID, attempt: int
) -> tuple[StoredSignature, ...]:
    """All variants ever signed for an attempt, oldest first."""
    async with connection.cursor(row_factory=class_row(StoredSignature)) as cursor:
        await cursor.execute(
            "SELECT variant, chain_id, wallet, serial, kind, purpose, txid, raw FROM signer.signatures"
            " WHERE send_id = %s AND attempt = %s ORDER BY variant",
            [send_id, attempt],
        )
        return tuple(await cursor.fetchall())


async def open_lane(connection: AsyncConnection[Any], network: str, wallet: bytes) -> None:
    """Open a lane at nonce 0, the only one this role may begin with; a lane that exists is left alone."""
    await connection.execute(
        "INSERT INTO signer.nonce_lanes (chain_id, wallet) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [network, wallet],
    )


async def spent_in_a_day(connection: AsyncConnection[Any], network: str, wallet: bytes, kind: str) -> int:
    """What a wallet's claims of a kind may have cost in the last 24 hours, in native units."""
    rows = await connection.execute(
        "SELECT coalesce(sum(spends), 0) FROM signer.claims WHERE chain_id = %s AND wallet = %s"
        " AND kind = %s AND spends IS NOT NULL AND claimed_at > now() - interval '24 hours'",
        [network, wallet, kind],
    )
    row = await rows.fetchone()
    return 0 if row is None else int(row[0])


async def store_claim(
    connection: AsyncConnection[Any],
    intent: SigningIntent,
    serial: int,
    fingerprint: bytes,
    spends: int | None,
) -> None:
    """Bind a nonce to an attempt for ever; psycopg's UniqueViolation if either is bound already.

    `spends` is what counts against a cap, None where nothing is counted.
    """
    await connection.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint, kind, spends)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            intent.send_id,
            intent.attempt,
            intent.network,
            intent.wallet,
            serial,
            fingerprint,
            intent.kind.value,
            spends,
        ],
    )


async def store_tombstone(
    connection: AsyncConnection[Any], send_id: UUID, attempt: int, network: str, wallet: bytes
) -> None:
    """Bury an attempt without a nonce, and with it every later one of its send."""
    await connection.execute(
        "INSERT INTO signer.claims (send_id, attempt, chain_id, wallet, serial, fingerprint)"
        " VALUES (%s, %s, %s, %s, NULL, %s)",
        [send_id, attempt, network, wallet, NO_PAYMENT],
    )


async def tombstone_of(connection: AsyncConnection[Any], send_id: UUID) -> int | None:
    """The attempt from which on nothing is signed for a send; None while it is open."""
    rows = await connection.execute(
        "SELECT min(attempt) FROM signer.claims WHERE send_id = %s AND serial IS NULL", [send_id]
    )
    row = await rows.fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def claimed_attempts(connection: AsyncConnection[Any], send_id: UUID) -> tuple[int, ...]:
    """The attempts of a send that hold a nonce, and with it signed bytes, in their order."""
    rows = await connection.execute(
        "SELECT attempt FROM signer.claims WHERE send_id = %s AND serial IS NOT NULL ORDER BY attempt",
        [send_id],
    )
    return tuple(int(row[0]) for row in await rows.fetchall())


async def store_signature(connection: AsyncConnection[Any], signed: SignedVariant) -> None:
    """Keep the bytes for ever; psycopg's UniqueViolation if the variant has bytes already."""
    intent = signed.intent
    await connection.execute(
        "INSERT INTO signer.signatures"
        " (chain_id, txid, send_id, attempt, variant, wallet, serial, kind, purpose, raw)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            intent.network,
            signed.tx.txid,
            intent.send_id,
            intent.attempt,
            intent.variant,
            intent.wallet,
            signed.serial,
            intent.kind.value,
            intent.purpose.value,
            signed.tx.raw,
        ],
    )


async def store_refusal(connection: AsyncConnection[Any], intent: SigningIntent, code: str, why: str) -> None:
    """Note what was asked for and why it was not signed."""
    await connection.execute(
        "INSERT INTO signer.refusals (send_id, attempt, variant, chain_id, wallet, code, why)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            intent.send_id,
            min(intent.attempt, NUMBER_MAX),
            min(intent.variant, NUMBER_MAX),
            intent.network,
            intent.wallet,
            code,
            why,
        ],
    )
