"""The one translation from an error of the domain to an error of Temporal.

The branch of the tree decides whether a step is repeated; the code travels as the error's type. What is not
ours passes through untouched and is repeated by the step's policy, because a bug must alarm and not decide.
"""

from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import Corrupt, CroupierError, RefusedBySigner, Rejected, Unavailable, Uncertain


@dataclass(frozen=True, slots=True)
class Treatment:
    """How Temporal treats one branch of the error tree."""

    is_repeated: bool
    is_expected: bool


TREATMENTS: dict[type[CroupierError], Treatment] = {
    Rejected: Treatment(is_repeated=False, is_expected=True),
    Unavailable: Treatment(is_repeated=True, is_expected=False),
    Uncertain: Treatment(is_repeated=False, is_expected=False),
    Corrupt: Treatment(is_repeated=False, is_expected=False),
}


def treatment_of(error: CroupierError) -> Treatment:
    """The treatment of an error's branch."""
    return next(treatment for branch, treatment in TREATMENTS.items() if isinstance(error, branch))


def translate(error: CroupierError) -> ApplicationError:
    """The same error as Temporal carries it: code as type, the signer's refusal as detail."""
    treatment = treatment_of(error)
    details = (error.refusal,) if isinstance(error, RefusedBySigner) else ()
    return ApplicationError(
        error.sentence,
        *details,
        type=error.code,
        non_retryable=not treatment.is_repeated,
        category=ApplicationErrorCategory.BENIGN
        if treatment.is_expected
        else ApplicationErrorCategory.UNSPECIFIED,
    )


class FailureInterceptor(Interceptor):
    """Translates in every worker, so that no activity does it by hand."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Translating(super().intercept_activity(next))


class _Translating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's signature
        try:
            return await super().execute_activity(input)
        except CroupierError as error:
            if isinstance(error, Corrupt):
                activity.logger.error("corrupt: %s", error.sentence, extra={"code": error.code})
            raise translate(error) from error
