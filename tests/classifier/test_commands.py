"""The commands as a person types them: what they print, write, and say when they cannot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import tables
from classifier.commands import COMMANDS, bundled_decisions, keep
from classifier.corpus import lead_departments
from classifier.encoder import Encoder
from classifier.manifest import FAST, FULL
from classifier.model import Model, ModelFiles, load_model, save_model
from classifier.registry import PROJECT, current_model_dir, current_version, register, set_current, versions
from classifier.words import as_file, weigh

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command by its name in an installation of its own."""
    named = {command.name: command for command in COMMANDS}

    def invoke(name: str, *args: object, **options: Any) -> Result:
        environment = {"TRIAGE_INSTANCE": str(tmp_path / "instance")}
        return CliRunner().invoke(named[name], [str(arg) for arg in args], env=environment, **options)

    return invoke


def rows(path: Path) -> list[dict[str, str]]:
    return [row.values for row in tables.read_rows(path)]


# train


@pytest.fixture
def rows_of(labelled: Path, tmp_path: Path) -> tuple[object, ...]:
    """The options that train one head on the invented rows, by words alone."""
    return ("--corpus", labelled, "--text", "text", "--label", "topic", "--model", tmp_path / "m", "--without-encoder", "--jobs", 1)


def test_anybodys_rows_make_a_model(run: Run, rows_of: tuple[object, ...], tmp_path: Path) -> None:
    done = run("train", *rows_of)
    assert done.exit_code == 0, done.output
    assert "held-out scores" in done.stdout
    assert "dummy label" in done.stdout
    assert "-- fast: words and sequences" in done.stdout
    assert "gate: " in done.stdout
    assert "60 rows, 3 labels of label" in done.stderr
    assert "learning 7 times" in done.stderr
    assert set(load_model(tmp_path / "m").manifest.labels) == {"label"}
    assert not (tmp_path / "instance").exists()


def test_the_encoder_is_a_second_way_unless_it_is_left_out(run: Run, rows_of: tuple[object, ...], encoder: Encoder, tmp_path: Path) -> None:
    assert "without the sentence encoder\n" in run("train", *rows_of).stderr
    assert set(load_model(tmp_path / "m").manifest.ways) == {FAST}
    done = run("train", *[option for option in rows_of if option != "--without-encoder"])
    assert done.exit_code == 0, done.output
    assert "-- full: with the encoder" in done.stdout
    assert "without the sentence encoder" not in done.stderr
    manifest = load_model(tmp_path / "m").manifest
    assert set(manifest.ways) == {FAST, FULL}
    assert manifest.encoder == {"name": encoder.name, "sha256": encoder.sha256}


def test_training_says_how_easily_real_texts_are_told_from_the_rows(run: Run, rows_of: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("text,内容\n" + "".join(f"a,the meter of house {number} fails\n" for number in range(10)), encoding="utf-8")
    done = run("train", *rows_of, "--against", tmp_path / "real.csv", "--against-text", "内容")
    assert done.exit_code == 0, done.output
    assert "told from 10 real texts with an area under the curve of 1.000 (0.5: not at all)" in done.stdout
    few = tmp_path / "few.csv"
    few.write_text("text\n停电\n", encoding="utf-8")
    refused = run("train", *rows_of, "--against", few)
    assert refused.exit_code == 2
    assert "--against: 1 texts are too few" in refused.stderr


def test_a_word_list_becomes_part_of_the_model(run: Run, rows_of: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("电表箱门\n", encoding="utf-8")
    assert run("train", *rows_of, "--words", tmp_path / "terms.txt").exit_code == 0
    assert (tmp_path / "m" / "words.txt").read_bytes() == as_file(weigh(["电表箱门"]))


def test_rare_labels_are_dropped_on_request_and_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rare.csv"
    path.write_text("t,l\n停电了,a\n又停电,a\n电费多,b\n电费高,b\n谢谢,c\n,a\n", encoding="utf-8")
    given = ("--corpus", path, "--text", "t", "--label", "l", "--model", tmp_path / "m", "--without-encoder", "--jobs", 1)
    refused = run("train", *given)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "'c' (label)" in refused.stderr
    done = run("train", *given, "--drop-rare")
    assert done.exit_code == 0
    assert "2 rows left out" in done.stderr
    assert "label 'c' of label left out" in done.stderr


@pytest.mark.slow
def test_the_bundled_corpus_makes_the_model_in_use(run: Run, tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    done = run("train", "--without-encoder")
    assert done.exit_code == 0, done.output
    assert "now in use" in done.stdout
    assert versions(instance) == [current_version(instance)]
    manifest = load_model(current_model_dir(instance)).manifest
    assert [len(labels) for labels in manifest.labels.values()] == [44, 8]
    assert (manifest.groups, manifest.costs) == (bundled_decisions().groups, bundled_decisions().costs)
    assert manifest.groups["topic"] == lead_departments(PROJECT / "data")
    card, dummy = manifest.ways[FAST].heads["topic"].scores, manifest.dummy["topic"]
    assert set(card["by_part"]) == {"letter", "note", "short", "speech"}
    assert card["accuracy"] > 5 * dummy["accuracy"]
    assert card["ece"] <= 0.05
    gate = manifest.ways[FAST].gate
    assert gate.precision is not None
    assert gate.precision >= gate.target_precision


def test_a_candidate_can_be_kept_without_being_put_into_use(two_head_files: ModelFiles, one_head_files: ModelFiles, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRIAGE_INSTANCE", str(tmp_path))
        version, other = two_head_files.manifest.version, one_head_files.manifest.version
        assert "the model in use stays" in keep(two_head_files, None, keep_current=True)
        assert (versions(tmp_path), current_version(tmp_path)) == ([version], None)
        assert "now in use" in keep(two_head_files, None, keep_current=False)
        assert current_version(tmp_path) == version
        assert f"flask models promote {other}" in keep(one_head_files, None, keep_current=False)
        assert (versions(tmp_path), current_version(tmp_path)) == (sorted([version, other]), version)


# evaluate


def figures(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_evaluate_prints_one_object_with_the_figures_of_the_contract(run: Run, labelled: Path, one_head_dir: Path) -> None:
    found = figures(run("evaluate", labelled, "--text", "text", "--label", "topic", "--model", one_head_dir, "--json"))
    names = {"n", "accuracy", "macro_f1", "top3_accuracy", "coverage", "accuracy_when_confident", "ece", "docs_per_second"}
    assert names <= set(found)
    assert (found["n"], found["accuracy"], found["skipped_unlabelled"]) == (60, 1.0, 0)
    assert found["way"] == FAST
    assert "department_accuracy" not in found
    assert "type_accuracy" not in found


def test_a_two_headed_model_has_department_and_type_figures(run: Run, labelled: Path, two_head_dir: Path) -> None:
    given = (labelled, "--text", "text", "--label", "topic", "--type", "demand_type", "--also", "also", "--model", two_head_dir)
    found = figures(run("evaluate", *given, "--json"))
    # The invented topics are not in taxonomy.csv, so no department can be right.
    assert found["department_accuracy"] == 0.0
    assert {"dispatch_precision", "accuracy_with_alternatives"} <= set(found)
    assert (found["type_accuracy"], found["type_n"], found["type_unknown"]) == (1.0, 60, 0)


def test_evaluate_can_leave_the_encoder_out(run: Run, labelled: Path, full_files: ModelFiles, tmp_path: Path) -> None:
    save_model(full_files, tmp_path / "full")
    given = ("evaluate", labelled, "--text", "text", "--label", "topic", "--type", "demand_type", "--model", tmp_path / "full", "--json")
    full, fast = figures(run(*given)), figures(run(*given, "--fast"))
    assert (full["way"], fast["way"]) == (FULL, FAST)
    assert full.keys() == fast.keys()
    assert full["model_version"] == fast["model_version"]
    assert fast["docs_per_second"] > full["docs_per_second"]


def test_the_model_in_use_is_evaluated_unless_another_is_named(run: Run, labelled: Path, two_head_files: ModelFiles, tmp_path: Path) -> None:
    given = ("evaluate", labelled, "--text", "text", "--label", "topic", "--json")
    missing = run(*given)
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "flask train" in missing.stderr
    register(two_head_files, tmp_path / "instance")
    set_current(tmp_path / "instance", two_head_files.manifest.version)
    assert figures(run(*given))["model_version"] == two_head_files.manifest.version


def test_rows_without_a_label_are_left_out_and_types_may_be_equal(run: Run, two_head_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("t,l,k\n停电了,outage,grievance\n停电了,,complaint\n停电了,outage,\n停电了,outage,moan\n", encoding="utf-8")
    given = ("evaluate", path, "--text", "t", "--label", "l", "--type", "k", "--model", two_head_dir, "--json")
    plain = figures(run(*given))
    assert (plain["n"], plain["skipped_unlabelled"], plain["type_n"], plain["type_unknown"]) == (3, 1, 0, 2)
    assert plain["type_accuracy"] is None
    told = figures(run(*given, "--type-also", "grievance=complaint;enquiry"))
    assert (told["type_accuracy"], told["type_n"], told["type_unknown"]) == (1.0, 1, 1)


def test_predictions_have_a_row_per_text(run: Run, labelled: Path, two_head_dir: Path, two_heads: Model, tmp_path: Path) -> None:
    given = (labelled, "--text", "text", "--label", "topic", "--model", two_head_dir)
    done = run("evaluate", *given, "--predictions", tmp_path / "p.ndjson")
    assert done.exit_code == 0
    assert "macro_f1" in done.stdout
    written = rows(tmp_path / "p.ndjson")
    assert len(written) == 60
    assert list(written[0]) == [
        *("row", "id", "true_label", "label", "probability", "label_2", "probability_2", "label_3", "probability_3"),
        *("demand_type", "demand_type_probability", "gate_score", "passed"),
    ]
    assert (written[0]["row"], written[0]["id"], written[0]["true_label"]) == ("2", "r0", "meter")
    (answer,) = two_heads.predict([rows(labelled)[0]["text"]])
    assert float(written[0]["gate_score"]) == pytest.approx(answer.gate_score, abs=1e-6)


# classify


@pytest.mark.parametrize("ending", ["csv", "ndjson", "xlsx"])
def test_classify_writes_the_format_that_the_name_says(run: Run, labelled: Path, one_head_dir: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    done = run("classify", labelled, "--text", "text", "--out", out, "--model", one_head_dir)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "60 rows written" in done.stderr
    written = rows(out)
    assert [row["predicted_label"] for row in written] == [row["topic"] for row in rows(labelled)]


STDIN = {"csv": ((), "text\n停电了\n"), "ndjson": (("--format", "ndjson"), '{"text": "停电了"}\n')}


@pytest.mark.parametrize(("options", "content"), STDIN.values(), ids=STDIN)
def test_classify_reads_standard_input(run: Run, one_head_dir: Path, tmp_path: Path, options: tuple[str, ...], content: str) -> None:
    given = ("-", "--text", "text", "--out", tmp_path / "o.csv", "--model", one_head_dir)
    assert run("classify", *given, *options, input=content).exit_code == 0
    assert [row["label"] for row in rows(tmp_path / "o.csv")] == ["outage"]


# errors

BAD: dict[str, tuple[list[str], str]] = {
    "no such file": (["evaluate", "none.csv", "--text", "t", "--label", "l", "--model", "{m}"], "none.csv: cannot be read"),
    "no such column": (["evaluate", "{t}", "--text", "内容", "--label", "topic", "--model", "{m}"], "no column '内容'"),
    "no labelled row": (["evaluate", "{e}", "--text", "t", "--label", "l", "--model", "{m}"], "no row has a 'l'"),
    "type with one head": (
        ["evaluate", "{t}", "--text", "text", "--label", "topic", "--type", "demand_type", "--model", "{m}"],
        "--type needs a model with two heads",
    ),
    "type-also misspelt": (
        ["evaluate", "{t}", "--text", "text", "--label", "topic", "--type-also", "grievance", "--model", "{m}"],
        "write TYPE=LABEL;LABEL",
    ),
    "no model there": (["classify", "{t}", "--text", "text", "--out", "{o}", "--model", "none"], "none: no model there"),
    "unknown output": (["classify", "{t}", "--text", "text", "--out", "o.doc", "--model", "{m}"], "must end in one of"),
    "no such encoding": (
        ["classify", "{t}", "--text", "text", "--out", "{o}", "--model", "{m}", "--encoding", "klingon"],
        "klingon",
    ),
    "jobs and scheduler": (
        ["classify", "{t}", "--text", "text", "--out", "{o}", "--jobs", "2", "--scheduler", "x", "--model", "{m}"],
        "exclude each other",
    ),
    "no jobs": (["classify", "{t}", "--text", "text", "--out", "{o}", "--jobs", "0", "--model", "{m}"], "1 or more"),
    "corpus without columns": (["train", "--corpus", "{t}"], "--corpus needs --text"),
    "columns without corpus": (["train", "--text", "text"], "belong to --corpus"),
    "not a model to overwrite": (
        ["train", "--corpus", "{t}", "--text", "text", "--label", "topic", "--model", "{full}"],
        "there is something that is not a model",
    ),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_an_error_is_one_clear_line_with_exit_code_2(
    run: Run, labelled: Path, one_head_dir: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "empty.csv").write_text("t,l\n停电,\n", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    places = {"t": labelled, "m": one_head_dir, "e": tmp_path / "empty.csv", "o": tmp_path / "o.csv", "full": tmp_path / "full"}
    done = run(*[word.format(**places) for word in words])
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in done.stderr


def test_every_command_and_option_says_what_it_is_for() -> None:
    for command in COMMANDS:
        assert command.help
        assert all(option.help for option in command.params if isinstance(option, click.Option)), command.name
