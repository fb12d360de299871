"""Work that was stopped: what is saved is gone on with, and nothing is taken for it that it is not."""

import contextlib
import json
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import tables
from classifier.errors import OutputRefused
from classifier.journal import open_output
from classifier.progress import Quiet

ROWS = [tables.Row(number + 2, {"n": str(number), "text": f"停电，{number}"}) for number in range(10)]
MADE_WITH = {"model": "m-1", "way": "fast"}


class Heard(Quiet):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class PowerCut(BaseException):
    """What no code expects, like a kill."""


def work(out: Path, rows: Sequence[tables.Row] = ROWS, *, stop_at: int = 99, **how: Any) -> int:
    """Copy rows two at a time and give how many were there before; each block is saved."""
    with open_output(out, ["n", "text"], how.pop("made_with", MADE_WITH), seconds_at_risk=0.0, **how) as output:
        blocks: Iterator[Sequence[tables.Row]] = (rows[at : at + 2] for at in range(0, len(rows), 2))
        output.go_behind(blocks, "rows.csv")
        before = output.rows
        for block in blocks:
            if output.rows >= stop_at:
                raise PowerCut
            output.write(block, [row.values for row in block])
    return before


def stopped(out: Path, at: int = 4, **how: Any) -> Path:
    with pytest.raises(PowerCut):
        work(out, stop_at=at, **how)
    return out.with_name(out.name + ".part")


def whole(folder: Path, ending: str = "csv") -> bytes:
    work(folder / f"whole.{ending}")
    return (folder / f"whole.{ending}").read_bytes()


@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson"])
def test_the_second_attempt_makes_what_one_alone_makes(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    stopped(out)
    assert not out.exists()
    assert work(out) == 4
    assert out.read_bytes() == whole(tmp_path, ending)
    assert {path.name for path in tmp_path.iterdir()} == {out.name, f"whole.{ending}"}


def test_what_was_written_after_the_last_save_is_cut_off(tmp_path: Path) -> None:
    part = stopped(tmp_path / "out.csv")
    with part.open("ab") as file:
        file.write("7,停".encode()[:-1])
    assert work(tmp_path / "out.csv") == 4
    assert (tmp_path / "out.csv").read_bytes() == whole(tmp_path)


def test_rows_after_the_saved_ones_may_have_been_mended(tmp_path: Path) -> None:
    stopped(tmp_path / "out.csv")
    mended = [*ROWS[:7], tables.Row(9, {"n": "7", "text": "mended"}), *ROWS[8:]]
    assert work(tmp_path / "out.csv", mended) == 4
    assert [row.values for row in tables.read_rows(tmp_path / "out.csv")] == [row.values for row in mended]


def test_it_is_said_what_is_kept(tmp_path: Path) -> None:
    heard = Heard()
    stopped(tmp_path / "out.csv", progress=heard)
    assert heard.lines == [f"4 rows are kept in {tmp_path}/out.csv.part; the same command goes on after them"]


def test_nothing_saved_leaves_nothing(tmp_path: Path) -> None:
    stopped(tmp_path / "out.csv", at=0)
    assert list(tmp_path.iterdir()) == []


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "another model": ({"made_with": MADE_WITH | {"model": "m-2"}}, "its 4 rows were made with another model"),
    "another way": ({"made_with": MADE_WITH | {"way": "full"}}, "with another way"),
    "other rows": ({"rows": [*ROWS[1:], ROWS[0]]}, "other rows than rows.csv begins with"),
    "fewer rows": ({"rows": ROWS[:2]}, "other rows than rows.csv begins with"),
}


@pytest.mark.parametrize(("how", "message"), OTHERS.values(), ids=OTHERS)
def test_other_work_is_not_mixed_in_but_may_be_given_up(tmp_path: Path, how: dict[str, Any], message: str) -> None:
    out = tmp_path / "out.csv"
    before = stopped(out).read_bytes()
    with pytest.raises(OutputRefused, match=message + ".*--restart"):
        work(out, **how)
    assert stopped(out).read_bytes() == before
    assert work(out, restart=True, **how) == 0
    assert len(list(tables.read_rows(out))) == len(how.get("rows", ROWS))


BROKEN: dict[str, tuple[str, bytes | None, str]] = {
    "no journal": ("out.csv.part.json", None, "no journal beside it"),
    "not a journal": ("out.csv.part.json", b"[]", "not a journal of flask classify"),
    "half a journal": ("out.csv.part.json", b'{"rows": 4}', "not a journal of flask classify"),
    "a part that was cut": ("out.csv.part", b"n,text\n", "shorter than its journal says"),
}


@pytest.mark.parametrize(("name", "content", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_ours_or_damaged_is_not_written_over(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    stopped(tmp_path / "out.csv")
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(OutputRefused, match=message):
        work(tmp_path / "out.csv")
    assert work(tmp_path / "out.csv", restart=True) == 0


def test_a_kill_between_the_last_two_strokes_does_no_harm(tmp_path: Path) -> None:
    part = stopped(tmp_path / "out.csv")
    part.rename(tmp_path / "out.csv")
    assert work(tmp_path / "out.csv", made_with={"model": "m-2"}) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv"}


def test_a_kill_before_the_first_save_leaves_a_part_that_is_begun_anew(tmp_path: Path) -> None:
    part = stopped(tmp_path / "out.csv")
    journal = tmp_path / "out.csv.part.json"
    journal.write_text(json.dumps(json.loads(journal.read_text()) | {"rows": 0, "bytes": 0}))
    assert part.stat().st_size
    assert work(tmp_path / "out.csv", made_with={"model": "m-2"}) == 0
    assert (tmp_path / "out.csv").read_bytes() == whole(tmp_path)


def test_two_commands_never_write_the_same_part(tmp_path: Path) -> None:
    with open_output(tmp_path / "out.csv", ["n"], MADE_WITH), pytest.raises(OutputRefused, match="another command is writing it"):
        work(tmp_path / "out.csv", restart=True)
    assert (tmp_path / "out.csv").read_text() == "n\n"


def test_a_sheet_begins_at_its_first_row_each_time(tmp_path: Path) -> None:
    with pytest.raises(PowerCut):
        work(tmp_path / "out.xlsx", stop_at=4)
    assert list(tmp_path.iterdir()) == []
    assert work(tmp_path / "out.xlsx") == 0
    assert [row.values for row in tables.read_rows(tmp_path / "out.xlsx")] == [row.values for row in ROWS]


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """No file may grow over 5,000 bytes, as if the disk were full; for this moment only, the log of the tests is a file too."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_full_disk_is_one_clear_error_and_what_is_saved_stays(tmp_path: Path) -> None:
    heard = Heard()
    with small_files(), pytest.raises(tables.UnwritableTable, match=r"out\.csv: cannot be written \(File too large\)"):
        work(tmp_path / "out.csv", [tables.Row(2, {"n": "1", "text": "a" * 1000})] * 10, progress=heard)
    assert heard.lines == [f"4 rows are kept in {tmp_path}/out.csv.part; the same command goes on after them"]


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(tables.UnwritableTable, match=r"no/out\.csv: cannot be written"):
        work(tmp_path / "no" / "out.csv")
