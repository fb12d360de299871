"""The commands of the registry as a person types them, and what a training does to the model in use."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from classifier.commands import keep as keep_trained
from classifier.model import ModelFiles
from classifier.registry import current_version, history, models_dir, versions
from classifier.registry_commands import models
from tests.classifier.kept import answers, keep, model

Run = Callable[..., Result]
Make = Callable[..., ModelFiles]
WORSE, BETTER = answers(70), answers(90)


@pytest.fixture
def make(two_head_files: ModelFiles) -> Make:
    return partial(model, two_head_files)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command of the group in an installation of its own."""
    return lambda *words: CliRunner().invoke(models, [str(word) for word in words], env={"TRIAGE_INSTANCE": str(tmp_path)})


def said(done: Result) -> str:
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(done: Result) -> str:
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_the_list_says_which_model_is_in_use_how_good_each_is_and_what_was_done(run: Run, make: Make, tmp_path: Path) -> None:
    assert "flask train" in said(run("list"))
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER), make("m-c"), in_use="m-a")
    run("promote", "m-b")
    (models_dir(tmp_path) / "m-c" / "manifest.json").write_text("{}", encoding="utf-8")
    head, *rows = said(run("list")).splitlines()
    assert head.split()[:6] == ["version", "written", "rows", "way", "topic", "demand_type"]
    assert [row.split()[1] for row in rows if row.startswith("* m-")] == ["m-b"]
    assert any(row.startswith("  m-c") and "its format is None" in row for row in rows)
    assert any("promoted m-b in place of m-a by" in row and "better at decision" in row for row in rows)


def test_a_model_is_shown_with_labels_confusions_and_calibration(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"), in_use="m-a")
    text = said(run("show", "m-a"))
    for part in (
        "m-a, in use",
        "SHA-256 of the rows",
        "guarded texts 100: topic 80.0%",
        "== fast",
        "gate",
        "meter",
        "taken for another",
        "calibration",
    ):
        assert part in text


def test_a_model_is_shown_as_one_object(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"))
    shown = json.loads(said(run("show", "m-a", "--json")))
    assert (shown["version"], shown["in_use"], shown["trouble"]) == ("m-a", False, "")
    assert {"made_from", "libraries", "dummy", "recipe", "rows", "written_at", "guarded"} <= set(shown)
    assert set(shown["ways"]["fast"]["heads"]["topic"]) == {"scores", "per_label", "confusions", "curve"}


def test_a_model_whose_files_were_changed_is_shown_with_its_trouble(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"))
    (models_dir(tmp_path) / "m-a" / "words.txt").write_text("x", encoding="utf-8")
    assert "cannot be loaded" in said(run("show", "m-a"))
    (models_dir(tmp_path) / "m-a" / "manifest.json").write_text("[]", encoding="utf-8")
    assert "cannot be loaded" in said(run("show", "m-a"))


def test_two_models_are_compared_on_their_guarded_texts(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER, topic=answers(82)), make("m-c", demand_type=WORSE), make("m-d"))
    better = said(run("compare", "m-a", "m-b"))
    assert "m-b in the place of m-a, on 100 guarded texts of both (m-b has 100, m-a has 100)" in better
    assert "may be promoted by: topic, decision" in better
    assert "refused, whatever the metric: worse (demand_type)" in said(run("compare", "m-a", "m-c"))
    assert "better at nothing" in said(run("compare", "m-a", "m-d"))


def test_a_candidate_is_promoted_or_refused_in_one_line_with_exit_code_2(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"), make("m-b", topic=BETTER), make("m-c", topic=WORSE), in_use="m-a")
    assert "decision is not better" in refused(run("promote", "m-b"))
    assert "m-b is now in use, before m-a was" in said(run("promote", "m-b", "--metric", "topic"))
    assert "nothing has changed" in said(run("promote", "m-b"))
    assert "topic is worse beyond noise" in refused(run("promote", "m-c"))
    assert "m-c is now in use" in said(run("promote", "m-c", "--force", "a new topic"))
    assert [change.reason for change in history(tmp_path)] == ["", "", "a new topic"]
    assert "a new topic" in said(run("list"))


def test_rolling_back_says_what_is_in_use_again(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"), make("m-b", decision=BETTER), in_use="m-a")
    run("promote", "m-b")
    assert "m-a is in use again, in place of m-b" in said(run("rollback", "--reason", "too many returns"))
    assert "no model was in use before m-a" in refused(run("rollback"))


def test_a_model_is_removed_but_never_the_one_in_use(run: Run, make: Make, tmp_path: Path) -> None:
    keep(tmp_path, make("m-a"), make("m-b"), in_use="m-a")
    assert "m-b removed" in said(run("remove", "m-b"))
    assert "is in use and stays" in refused(run("remove", "m-a"))
    assert versions(tmp_path) == ["m-a"]


UNKNOWN = {"show": ("show", "m-x"), "compare": ("compare", "m-a", "m-x"), "promote": ("promote", "m-x"), "remove": ("remove", "..")}


@pytest.mark.parametrize("words", UNKNOWN.values(), ids=UNKNOWN)
def test_a_model_that_is_not_there_is_an_error_that_says_where_to_look(run: Run, make: Make, tmp_path: Path, words: tuple[str, ...]) -> None:
    keep(tmp_path, make("m-a"), in_use="m-a")
    assert "flask models list" in refused(run(*words))


def test_every_option_says_what_it_is_for() -> None:
    options = [option for command in models.commands.values() for option in command.params if isinstance(option, click.Option)]
    assert all(option.help for option in options)


# what a training does


@pytest.fixture
def trained(tmp_path: Path) -> Callable[[ModelFiles], str]:
    """Keep a model as `flask train` does; gives what it prints."""

    def of(files: ModelFiles, *, keep_current: bool = False) -> str:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("TRIAGE_INSTANCE", str(tmp_path))
            return keep_trained(files, None, keep_current)

    return of


def test_a_training_puts_the_first_model_into_use_and_keeps_the_next_as_a_candidate(trained: Callable[..., str], make: Make, tmp_path: Path) -> None:
    assert "now in use" in trained(make("m-a"))
    second = trained(make("m-b", decision=BETTER))
    assert "as a candidate; m-a stays in use" in second
    assert "flask models compare m-a m-b" in second
    assert "flask models promote m-b" in second
    assert "m-a is in use already; nothing has changed" in trained(make("m-a"))
    assert (current_version(tmp_path), versions(tmp_path), len(history(tmp_path))) == ("m-a", ["m-a", "m-b"], 1)


def test_a_training_may_leave_an_installation_without_a_model_in_use(trained: Callable[..., str], make: Make, tmp_path: Path) -> None:
    assert "the model in use stays" in trained(make("m-a"), keep_current=True)
    assert (current_version(tmp_path), versions(tmp_path)) == (None, ["m-a"])
