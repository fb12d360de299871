"""Classifying a table: all columns kept, answers beside them, the same whatever the workers."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from distributed import LocalCluster

import tables
from classifier.batch import ROWS_AT_ONCE, FromFiles, classify_block, classify_table
from classifier.columns import free_names
from classifier.commands import classify
from classifier.errors import SchedulerUnavailable
from classifier.manifest import FULL
from classifier.model import Model, ModelFiles
from classifier.registry import PROJECT

ROWS = ROWS_AT_ONCE * 2 + 7


@pytest.fixture
def many(tmp_path: Path, labelled: Path) -> Path:
    """More rows than a block holds."""
    given = [row.values for row in tables.read_rows(labelled)]
    with tables.open_writer(tmp_path / "many.csv", list(given[0])) as out:
        for number in range(ROWS):
            out.write(given[number % len(given)] | {"id": str(number)})
    return tmp_path / "many.csv"


def classified(path: Path, out: Path, model: Path, **how: object) -> bytes:
    with tables.open_table(path, need=["text"]) as table:
        assert classify_table(table, "text", out, model, **how) == ROWS  # type: ignore[arg-type]
    return out.read_bytes()


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A real scheduler at an address, with two workers that are threads."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as running:
        yield running


def test_the_output_is_the_same_whatever_the_workers(many: Path, two_head_dir: Path, tmp_path: Path, cluster: LocalCluster) -> None:
    alone = classified(many, tmp_path / "alone.csv", two_head_dir)
    assert classified(many, tmp_path / "two.csv", two_head_dir, jobs=2) == alone
    assert classified(many, tmp_path / "cluster.csv", two_head_dir, scheduler=cluster.scheduler_address) == alone


LINES = ROWS_AT_ONCE * 13
BROKEN = ROWS_AT_ONCE * 12  # the first of the last block


@pytest.fixture
def whole(labelled: Path, tmp_path: Path) -> Path:
    """A long table without an error."""
    texts = [row.values["text"] for row in tables.read_rows(labelled)]
    lines = ["text,n", *(f"{texts[number % len(texts)]},{number}" for number in range(LINES))]
    (tmp_path / "whole.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "whole.csv"


@pytest.fixture
def torn(whole: Path, two_head_dir: Path, tmp_path: Path) -> Path:
    """The same with a broken row, at which work on `out.csv` stopped."""
    lines = whole.read_text(encoding="utf-8").splitlines()
    lines[BROKEN + 1] = "停电"
    path = tmp_path / "torn.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with tables.open_table(path) as table, pytest.raises(tables.BadRow, match=f"row {BROKEN + 2} has 1 cells"):
        classify_table(table, "text", tmp_path / "out.csv", two_head_dir, seconds_at_risk=0.0)
    return path


def test_once_a_broken_row_is_mended_the_rows_before_it_are_not_done_again(torn: Path, whole: Path, two_head_dir: Path, tmp_path: Path) -> None:
    assert kept_rows(tmp_path / "out.csv") == BROKEN
    torn.write_bytes(whole.read_bytes())
    for path, out in ((torn, "out.csv"), (whole, "at-once.csv")):
        with tables.open_table(path) as table:
            assert classify_table(table, "text", tmp_path / out, two_head_dir) == LINES
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "at-once.csv").read_bytes()


@pytest.mark.usefixtures("torn")
def test_the_command_refuses_to_mix_models_and_begins_anew_when_told(whole: Path, one_head_dir: Path, tmp_path: Path) -> None:
    given = [str(whole), "--text", "text", "--out", str(tmp_path / "out.csv"), "--model", str(one_head_dir)]
    refused = CliRunner().invoke(classify, given)
    assert refused.exit_code == 2
    assert f"its {BROKEN:,} rows were made with another model and columns; repeat that command, or add --restart" in refused.stderr
    assert kept_rows(tmp_path / "out.csv") == BROKEN
    assert f"{LINES} rows written" in CliRunner().invoke(classify, [*given, "--restart"]).stderr


def test_a_worker_that_cannot_answer_as_the_others_do_says_so(two_head_files: ModelFiles) -> None:
    with pytest.raises(SchedulerUnavailable, match="lacks the sentence encoder that others have"):
        classify_block(FromFiles(two_head_files, fast=True), FULL, ["停电了"])


KILLS = 3
WORK = """
import sys
from pathlib import Path
import tables
from classifier.batch import classify_table
rows, out, model, jobs = sys.argv[1:]
with tables.open_table(rows) as table:
    classify_table(table, "text", Path(out), Path(model), jobs=int(jobs), seconds_at_risk=0.0)
"""


def kept_rows(out: Path) -> int:
    journal = out.with_name(out.name + ".part.json")
    return json.loads(journal.read_text())["rows"] if journal.exists() else 0


def killed_on_the_way(command: list[str], out: Path, chance: random.Random) -> int:
    """Start it, kill it with SIGKILL a moment after it has got further, and give how many rows are kept."""
    before = kept_rows(out)
    with subprocess.Popen(command, cwd=PROJECT) as process:
        while kept_rows(out) <= before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
    return kept_rows(out)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_is_killed_again_and_again_loses_and_doubles_no_row(labelled: Path, two_head_dir: Path, tmp_path: Path, jobs: int) -> None:
    given = [row.values for row in tables.read_rows(labelled)]
    with tables.open_writer(tmp_path / "long.csv", list(given[0])) as writer:
        for number in range(ROWS_AT_ONCE * 100 + 1):
            writer.write(given[number % len(given)] | {"id": str(number)})
    with tables.open_table(tmp_path / "long.csv") as table:
        total = classify_table(table, "text", tmp_path / "whole.csv", two_head_dir)
    out = tmp_path / "out.csv"
    command = [sys.executable, "-c", WORK, str(tmp_path / "long.csv"), str(out), str(two_head_dir), str(jobs)]
    chance = random.Random(95598 + jobs)
    kept = [killed_on_the_way(command, out, chance) for _ in range(KILLS)]
    assert 0 < kept[0] < kept[1] < kept[2] < total, "it was not killed on the way"
    subprocess.run(command, cwd=PROJECT, check=True)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert list(tmp_path.glob("*.part*")) == []


def test_a_scheduler_that_does_not_answer_is_named(many: Path, two_head_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SchedulerUnavailable, match="nowhere:1: no Dask scheduler answers there"):
        classified(many, tmp_path / "x.csv", two_head_dir, scheduler="strange://nowhere:1")
    assert not (tmp_path / "x.csv").exists()


def test_the_answers_of_two_heads_stand_beside_all_columns(many: Path, two_head_dir: Path, two_heads: Model, tmp_path: Path) -> None:
    classified(many, tmp_path / "out.csv", two_head_dir)
    first = next(tables.read_rows(tmp_path / "out.csv")).values
    (answer,) = two_heads.predict([first["text"]])
    # The table had a topic and a demand_type of its own: those stay, the answers are the predicted ones.
    assert list(first) == [
        *("id", "text", "topic", "demand_type", "also", "label"),
        *("predicted_topic", "topic_probability", "topic_2", "topic_probability_2", "topic_3", "topic_probability_3"),
        *("predicted_demand_type", "demand_type_probability", "department", "gate_score", "passes_gate", "model_version"),
    ]
    assert first["predicted_topic"] == answer.heads["topic"][0][0] == "meter"
    assert float(first["topic_probability"]) == pytest.approx(answer.heads["topic"][0][1], abs=1e-6)
    assert first["department"] == "metering"
    assert first["passes_gate"] == ("1" if answer.passes_gate else "0")
    assert first["model_version"] == two_heads.version


def test_the_answer_of_one_head_is_a_label(many: Path, one_head_dir: Path, tmp_path: Path) -> None:
    classified(many, tmp_path / "out.csv", one_head_dir)
    first = next(tables.read_rows(tmp_path / "out.csv")).values
    assert list(first)[6:] == [
        *("predicted_label", "probability", "label_2", "probability_2", "label_3", "probability_3"),
        *("confident", "model_version"),
    ]


def test_a_table_without_rows_gives_a_header(one_head_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("text\n", encoding="utf-8")
    with tables.open_table(tmp_path / "none.csv") as table:
        assert classify_table(table, "text", tmp_path / "out.csv", one_head_dir) == 0
    assert (tmp_path / "out.csv").read_text().startswith("text,label,probability,")


TAKEN = {
    "free": (["a"], {"label": "label"}),
    "taken": (["label"], {"label": "predicted_label"}),
    "taken twice": (["label", "predicted_label"], {"label": "predicted_predicted_label"}),
}


@pytest.mark.parametrize(("there", "expected"), TAKEN.values(), ids=TAKEN)
def test_a_name_that_is_taken_gets_a_prefix(there: list[str], expected: dict[str, str]) -> None:
    assert free_names(["label"], there) == expected


def test_two_added_columns_never_get_the_same_name() -> None:
    assert free_names(["label", "predicted_label"], ["label"]) == {
        "label": "predicted_label",
        "predicted_label": "predicted_predicted_label",
    }
