"""The file of the devnet's journal."""

from contextlib import closing
from pathlib import Path

from devstack.tron.journal_file import Beginning, JournalFile

FIRST = Beginning(genesis_ms=3_000, slot_ms=100)


def test_what_was_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    """The beginning of the first process stays, and blocks come back in order."""
    path = tmp_path / "deep" / "chain.journal"
    with closing(JournalFile(path, FIRST)) as one:
        assert (one.beginning, one.records) == (FIRST, [])
        one.write({"id": "aa"})
        one.write({"id": "bb"})
    with closing(JournalFile(path, Beginning(genesis_ms=9, slot_ms=9))) as two:
        assert (two.beginning, two.records) == (FIRST, [{"id": "aa"}, {"id": "bb"}])


def test_a_line_cut_short_is_dropped(tmp_path: Path) -> None:
    """Death in the middle of a line leaves the lines before it, and the next one stands on its own."""
    path = tmp_path / "chain.journal"
    with closing(JournalFile(path, FIRST)) as one:
        one.write({"id": "aa"})
    with path.open("ab") as file:
        file.write(b'{"id": "b')
    with closing(JournalFile(path, FIRST)) as two:
        two.write({"id": "cc"})
    with closing(JournalFile(path, FIRST)) as three:
        assert three.records == [{"id": "aa"}, {"id": "cc"}]
