"""Classifying a table: all columns kept, answers beside them, the same whatever the workers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

import tables
from classifier.batch import ROWS_AT_ONCE, classify_table
from classifier.columns import free_names
from classifier.errors import SchedulerUnavailable
from classifier.model import Model

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
