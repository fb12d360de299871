"""The commands that keep an instance alive elsewhere, and the one that writes tickets to a table, from end to end."""

import csv
import json

import pytest

from tables import read_rows
from triage.exports import TICKETS
from triage.store import Database


@pytest.fixture
def run(app, tmp_path, monkeypatch):
    """Run a command of an instance; gives its result."""
    (tmp_path / "instance" / "models" / "v1").mkdir(parents=True)
    (tmp_path / "instance" / "secret").write_bytes(b"secret of the tests")
    (tmp_path / "instance" / "models" / "v1" / "manifest.json").write_text("{}")

    def ran(*arguments, instance="instance", url=""):
        monkeypatch.setenv("TRIAGE_INSTANCE", str(tmp_path / instance))
        kept = app.extensions["triage"].database
        app.extensions["triage"].database = Database(url) if url else kept
        try:
            return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])
        finally:
            app.extensions["triage"].database = kept

    return ran


@pytest.fixture
def tickets(client_as, api_as):
    """Two tickets, one of which begins like a formula."""
    for text in ("=1+1 停电了", "电表转得飞快"):
        body = {"complaints": [{"text": text}], "unit_code": "330101", "submission_key": text}
        assert api_as("agent")("POST", "/contacts", body).status_code == 201


def test_a_backup_is_written_checked_and_brought_back(run, tickets, tmp_path):
    file, url = tmp_path / "backup.tar.gz", f"sqlite:///{tmp_path / 'new' / 'triage.db'}"
    made = run("backup", file)
    assert made.exit_code == 0, made.output
    assert "tickets：2 行" in made.output
    assert "every sum holds" in run("backup", "--verify", file).output
    again = run("backup", file)
    assert (again.exit_code, "--force" in again.output) == (2, True)
    back = run("restore", file, "--figures", instance="new", url=url)
    assert back.exit_code == 0, back.output
    assert "every chain holds" in back.output
    assert (tmp_path / "new" / "models" / "v1" / "manifest.json").exists()
    twice = run("restore", file, instance="new", url=url)
    assert (twice.exit_code, "不是空的" in twice.output) == (2, True)


def test_a_move_says_what_to_set(run, tickets, tmp_path):
    moved = run("move", f"sqlite:///{tmp_path / 'moved.db'}")
    assert moved.exit_code == 0, moved.output
    assert f"TRIAGE_DATABASE_URL to sqlite:///{tmp_path / 'moved.db'}" in moved.output


@pytest.mark.parametrize("name", ["tickets.csv", "tickets.ndjson", "tickets.xlsx"])
def test_tickets_are_written_by_the_files_name(run, store, tickets, tmp_path, name):
    file = tmp_path / name
    made = run("export", file, "--since", "2020-01-01", "--until", "2029-12-30")
    assert made.exit_code == 0, made.output
    texts = [row.values["受理内容（脱敏）"] for row in read_rows(file)]
    assert texts == ["'=1+1 停电了" if name.endswith("csv") else "=1+1 停电了", "电表转得飞快"]
    assert file.stat().st_mode & 0o777 == 0o600
    ((values, actor, _),) = store.exports(10)
    assert (values["what"], values["format"], values["rows"], actor.startswith("shell:")) == (TICKETS, file.suffix[1:], 2, True)
    assert "--force" in run("export", file).output


def test_steps_and_codes_are_for_programs(run, tickets, tmp_path):
    file = tmp_path / "steps.ndjson"
    assert run("export", file, "--since", "2020-01-01", "--until", "2029-12-30", "--steps", "--codes").exit_code == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 2
    assert {row["step"] for row in rows} >= {"dispatch"}


def test_a_name_of_no_format_and_a_unit_that_is_not_there_are_refused(run, tmp_path):
    assert run("export", tmp_path / "tickets.doc").exit_code == 2
    assert "没有供电单位" in run("export", tmp_path / "tickets.csv", "--unit", "9999").output
    assert not list(tmp_path.glob("tickets.*"))


def test_the_head_of_a_csv_is_chinese(run, tickets, tmp_path):
    run("export", tmp_path / "a.csv", "--since", "2020-01-01", "--until", "2029-12-30")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[:3] == ["工单号", "受理时间", "办结时间"]
