"""What unfinished business needs, and how a search adds up."""

import pytest

from domain.repairs import FINDINGS_MAX, PageRepairs, Repair, RunState, StuckReport, repair_of

NEEDS = {
    RunState.OPEN: Repair.NOTHING,
    RunState.BROKEN: Repair.START,
    RunState.ABSENT: Repair.START,
    RunState.COMPLETED: Repair.PERSON,
}


@pytest.mark.parametrize("run", RunState)
def test_an_unfinished_row_needs_what_its_newest_run_says(run: RunState) -> None:
    """Only a run that was ended from outside, or that nobody remembers, is started again."""
    assert repair_of(run) is NEEDS[run]


def test_pages_add_up() -> None:
    """A report counts what every page looked at and started, and keeps what they found."""
    report = StuckReport()
    report = report.plus(PageRepairs(looked_at=200, restarted=("a", "b"), findings=("one",)))
    report = report.found("two").plus(PageRepairs(looked_at=3))
    assert report == StuckReport(looked_at=203, restarted=2, findings=("one", "two"))


def test_a_report_stays_small() -> None:
    """A thousand findings do not make a report too large to be carried; the first are kept."""
    report = StuckReport()
    for number in range(10):
        report = report.plus(PageRepairs(looked_at=100, findings=tuple(f"{number}/{n}" for n in range(100))))
    assert report.looked_at == 1_000
    assert report.found("one more").findings == tuple(f"0/{n}" for n in range(FINDINGS_MAX))
