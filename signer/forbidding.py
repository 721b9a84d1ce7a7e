"""The end of a send at the signer: a tombstone in place of its next attempt, never taken back.

It is written under the lane's lock that every signature takes, so a request to sign that overlaps is either
stored before, and then seen here, or refused afterwards.
"""

from typing import Any

from psycopg import AsyncConnection

from domain.errors import SignerUnavailable
from domain.signing import ForbidAnswer, ForbidRequest, ForbidVerdict
from signer.obligations import outcome_of
from signer.records import claimed_attempts, lock_lane, store_tombstone, tombstone_of


async def bury(connection: AsyncConnection[Any], wanted: ForbidRequest) -> ForbidAnswer:
    """Write the tombstone of a send's next attempt, unless one is there or a signed attempt may still land.

    Raises SignerUnavailable for a wallet without a nonce lane.
    """
    if await lock_lane(connection, wanted.network, wanted.wallet) is None:
        raise SignerUnavailable("the wallet has no nonce lane yet")
    buried = await tombstone_of(connection, wanted.send_id)
    if buried is not None:
        return ForbidAnswer(verdict=ForbidVerdict.FORBIDDEN, attempt=buried)
    claimed = await claimed_attempts(connection, wanted.send_id)
    for attempt in claimed:
        outcome = await outcome_of(connection, wanted.send_id, attempt)
        if outcome is None or not outcome.permits_another:
            return ForbidAnswer(verdict=ForbidVerdict.STILL_LIVE, attempt=attempt)
    following = max(claimed, default=0) + 1
    await store_tombstone(connection, wanted.send_id, following, wanted.network, wanted.wallet)
    return ForbidAnswer(verdict=ForbidVerdict.FORBIDDEN, attempt=following)
