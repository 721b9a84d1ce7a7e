"""Every error has one code, a treatment inside, an answer outside, and a page that says who acts."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest

from activities.failures import TREATMENTS, translate, treatment_of
from api.errors import EXPIRED, INTERNAL, METHOD_NOT_ALLOWED, REQUEST_TOO_LARGE, TABLE, UNAVAILABLE, outside
from api.schemas.problems import Retry
from domain.errors import Corrupt, CroupierError, RefusedBySigner, Rejected, Unavailable, Uncertain

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"
OF_THE_DOOR = {UNAVAILABLE, INTERNAL, METHOD_NOT_ALLOWED, REQUEST_TOO_LARGE, EXPIRED}
"""Codes that no error of the domain carries: the door's own."""
BRANCHES = (Rejected, Unavailable, Uncertain, Corrupt)
STATUSES = {
    Rejected: {400, 401, 403, 404, 409, 422},
    Unavailable: {404, 429, 503},
    Uncertain: {202},
    Corrupt: {500},
}
RETRIES = {Rejected: Retry.NONE, Unavailable: Retry.SAME_ID, Uncertain: Retry.LOOK, Corrupt: Retry.NONE}


def _leaves(error: type[CroupierError] = CroupierError) -> list[type[CroupierError]]:
    children = [child for child in error.__subclasses__() if child.__module__.startswith("domain.")]
    return [leaf for child in children for leaf in _leaves(child)] or [error]


def _branch(leaf: type[CroupierError]) -> type[CroupierError]:
    return next(branch for branch in BRANCHES if issubclass(leaf, branch))


def _pages() -> dict[str, str]:
    parts = re.split(r"^### (\S+)$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


LEAVES = _leaves()


def test_the_tree_has_four_branches_and_every_leaf_is_on_one() -> None:
    """Split by what to do next: a leaf on no branch would have no treatment."""
    assert all(issubclass(leaf, BRANCHES) for leaf in LEAVES)
    assert not set(LEAVES) & set(BRANCHES)


def test_every_leaf_has_its_own_code() -> None:
    """Two leaves with one code could not be told apart outside the process."""
    codes = [leaf.code for leaf in LEAVES]
    assert len(set(codes)) == len(codes)
    assert CroupierError.code not in codes


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.code)
def test_every_leaf_has_an_answer_outside_that_fits_its_branch(leaf: type[CroupierError]) -> None:
    """The table of the door knows the code, with a status and an advice of the leaf's branch."""
    entry = TABLE[leaf.code]
    assert entry.status in STATUSES[_branch(leaf)]
    assert entry.retry is RETRIES[_branch(leaf)]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.code)
def test_every_leaf_has_a_treatment_inside(leaf: type[CroupierError]) -> None:
    """A step that fails with it is repeated exactly if nothing happened, and its code travels as the type."""
    error = leaf.__new__(leaf)
    CroupierError.__init__(error, "a sentence")
    if isinstance(error, RefusedBySigner):
        error.refusal = "CODE"
    failure = translate(error)
    assert treatment_of(error) is TREATMENTS[_branch(leaf)]
    assert failure.non_retryable is not issubclass(leaf, Unavailable)
    assert (failure.type, failure.message) == (leaf.code, "a sentence")


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """What can be answered is documented, and nothing else is."""
    assert set(_pages()) == {leaf.code for leaf in LEAVES} | OF_THE_DOOR
    assert set(TABLE) == set(_pages())


@pytest.mark.parametrize(("code", "page"), _pages().items())
def test_every_page_says_what_it_means_who_acts_and_how(code: str, page: str) -> None:
    """A page without one of the three helps nobody at three in the morning."""
    lines = page.strip().splitlines()
    assert [line.partition(":")[0] for line in lines if re.match(r"(Meaning|Who acts|How): \S", line)] == [
        "Meaning",
        "Who acts",
        "How",
    ]
    shown_as = TABLE[code].shown_as
    is_inside = shown_as is not None and shown_as != code
    assert (lines[0] == f"*Inside, shown as `{shown_as}`.*") is is_inside


@pytest.mark.parametrize("code", sorted(code for code, entry in TABLE.items() if entry.shown_as))
def test_what_is_shown_instead_is_a_code_of_the_table_with_the_same_status(code: str) -> None:
    """A hidden code answers with the status of the code that stands for it."""
    shown_as = TABLE[code].shown_as
    assert shown_as is not None
    assert TABLE[shown_as].status == TABLE[code].status


def test_a_stray_exception_shows_nothing() -> None:
    """What nobody foresaw is INTERNAL, without a word about it."""
    document = outside(ValueError("password=hunter2"), "request-1")
    assert (document.status, document.code, document.detail) == (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        INTERNAL,
        None,
    )
