"""The import of call records: twice is harmless, what is wrong stands in a file with its reason."""

import csv
from datetime import UTC, datetime

import pytest

from tables import open_writer
from triage.calls import Direction

CHINESE = ["话务编号", "方向", "电话", "坐席", "录音编号", "开始时间", "接通时间", "结束时间"]
GOOD = ["c1", "呼入", "139-0000-0001", "agent", "r1", "2026-01-05 10:00:00", "2026-01-05 10:00:05", "2026-01-05 10:03:00"]


@pytest.fixture
def run(app):
    """Run a command; gives its result."""
    return lambda *arguments: app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path):
    """Write a table of calls and give its path."""

    def written(*rows, columns=CHINESE, name="calls.csv"):
        path = tmp_path / name
        with open_writer(path, columns) as out:
            for row in rows:
                out.write(dict(zip(columns, row, strict=True)))
        return path

    return written


@pytest.mark.parametrize("name", ["calls.csv", "calls.tsv", "calls.ndjson", "calls.xlsx"])
def test_calls_are_imported_once_from_any_table(run, file, store, name):
    path = file(GOOD, name=name)
    first, second = run("calls", "import", path), run("calls", "import", path)
    assert "1 calls kept, 0 updated, 0 known already, 0 rows refused" in first.output
    assert "0 calls kept, 0 updated, 1 known already, 0 rows refused" in second.output
    call = store.find_call("c1")
    assert (call.direction, call.phone, call.actor, call.recording, call.seconds) == (Direction.IN, "13900000001", "agent", "r1", 175)
    assert call.started_at == datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def test_a_wrong_row_is_refused_alone_with_its_reason_and_can_be_mended(run, file, store):
    path = file(GOOD, ["c2", "in", "x", "nobody", "", "2026-01-05", "", ""])
    assert "1 calls kept, 0 updated, 0 known already, 1 rows refused" in run("calls", "import", path).output
    with path.with_name("calls.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as rejects:
        (refused,) = csv.DictReader(rejects)
    assert (refused["row"], refused["话务编号"]) == ("3", "c2")
    assert "坐席：没有用户“nobody”" in refused["reason"]
    assert "电话：应为 5–15 位数字" in refused["reason"]
    assert store.find_call("c2") is None


def test_a_fuller_row_of_a_known_call_brings_it_up_to_date(run, file, store):
    run("calls", "import", file([*GOOD[:6], "", ""]))
    assert "0 calls kept, 1 updated" in run("calls", "import", file(GOOD)).output
    assert store.find_call("c1").seconds == 175


def test_columns_may_have_other_names(run, file, store):
    path = file(["c9", "out", "2026-01-05 10:00"], columns=["id", "direction", "began"])
    assert run("calls", "import", path, "--map", "call_id=id", "--map", "started_at=began").exit_code == 0
    assert store.find_call("c9").direction is Direction.OUT


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (["id", "direction", "started_at"], [], "file: no column call_id or 话务编号"),
        (["call_id", "direction", "started_at"], ["--map", "colour=id"], "--map: colour: use FIELD=COLUMN"),
        (["call_id", "direction", "started_at"], ["--map", "phone=nothing"], "nothing"),
    ],
    ids=["a column that is needed", "an unknown field", "an unknown column"],
)
def test_what_is_wrong_with_the_file_is_said_before_anything_is_taken(run, file, store, columns, options, said):
    refused = run("calls", "import", file(["c1", "in", "2026-01-05 10:00"], columns=columns), *options)
    assert refused.exit_code == 2
    assert said in refused.output
    assert store.find_call("c1") is None
