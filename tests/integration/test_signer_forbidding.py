"""Giving a send up at the signer: never while something may land, once and for ever otherwise."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain.signing import ForbidAnswer, ForbidRequest, ForbidVerdict, Refusal, SignedAnswer
from signer.obligations import Obligation
from signer.signing import SigningActivities
from tests.support.signing import GWEI, NETWORK, SigningHouse
from tests.support.signing_asks import refused, sign

CLAIMS = "signer.claims"


async def forbid(signing: SigningActivities, owed: Obligation) -> ForbidAnswer:
    """Ask as a worker would."""
    assert owed.wallet is not None
    wanted = ForbidRequest(send_id=owed.send_id, network=NETWORK, wallet=owed.wallet)
    answer = await ActivityEnvironment().run(signing.forbid_signing, wanted)
    assert isinstance(answer, ForbidAnswer)
    return answer


async def test_a_send_never_signed_is_buried_once(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """The first attempt gets the tombstone, a repeat the same answer, and a late request a refusal."""
    owed = signing_house.owe()
    buried = ForbidAnswer(verdict=ForbidVerdict.FORBIDDEN, attempt=1)
    assert [await forbid(signing, owed) for _ in range(2)] == [buried, buried]
    assert signing_house.count(CLAIMS) == 1
    for attempt in (1, 2):
        signing_house.execute(
            "INSERT INTO signer_view.attempts VALUES (%s, %s, 'dead', %s)", [owed.send_id, attempt, uuid4()]
        )
        late = signing_house.intent(owed, attempt=attempt)
        assert await refused(signing, late) == Refusal.CONFLICT
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        signing_house.execute(f"DELETE FROM {CLAIMS}")


@pytest.mark.parametrize(
    ("outcome", "has_evidence", "verdict", "attempt"),
    [
        (None, False, ForbidVerdict.STILL_LIVE, 1),
        ("paid", True, ForbidVerdict.STILL_LIVE, 1),
        ("failed", False, ForbidVerdict.STILL_LIVE, 1),
        ("failed", True, ForbidVerdict.FORBIDDEN, 2),
        ("cancelled", True, ForbidVerdict.FORBIDDEN, 2),
        ("dead", True, ForbidVerdict.FORBIDDEN, 2),
    ],
)
async def test_what_was_signed_needs_its_evidence(  # noqa: PLR0913, PLR0917 - columns of the table
    signing_house: SigningHouse,
    signing: SigningActivities,
    outcome: str | None,
    has_evidence: bool,  # noqa: FBT001 - a column of the table
    verdict: ForbidVerdict,
    attempt: int,
) -> None:
    """Signed bytes may land until a stored evidence row says that they paid nothing."""
    owed = signing_house.owe()
    await sign(signing, signing_house.intent(owed))
    signing_house.execute(
        "INSERT INTO signer_view.attempts VALUES (%s, 1, %s, %s)",
        [owed.send_id, outcome, uuid4() if has_evidence else None],
    )
    assert await forbid(signing, owed) == ForbidAnswer(verdict=verdict, attempt=attempt)
    following = signing_house.intent(owed, attempt=2)
    raised = {"max_fee": 20 * GWEI, "max_priority_fee": 10 * GWEI}
    bump = signing_house.intent(owed, variant=2, purpose="bump", **raised)
    if verdict is ForbidVerdict.FORBIDDEN:
        assert await refused(signing, following) == Refusal.CONFLICT
        assert await refused(signing, bump) == Refusal.CONFLICT
    else:
        assert await refused(signing, following) == Refusal.MAY_STILL_LAND
        assert (await sign(signing, bump)).repeat is False


async def test_a_request_to_sign_and_one_to_forbid_exclude_each_other(
    signing_house: SigningHouse, signing: SigningActivities
) -> None:
    """Whichever comes first decides: bytes that exist are seen, a send that is buried is not signed."""
    for _ in range(10):
        owed = signing_house.owe()
        answers = await asyncio.gather(
            sign(signing, signing_house.intent(owed)), forbid(signing, owed), return_exceptions=True
        )
        signed, forbidden = answers
        assert isinstance(forbidden, ForbidAnswer), forbidden
        if forbidden.verdict is ForbidVerdict.STILL_LIVE:
            assert isinstance(signed, SignedAnswer), signed
        else:
            assert isinstance(signed, ApplicationError), signed
