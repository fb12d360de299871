"""The registry: a model under its version, one of them in use, a history of that, and nothing that points nowhere."""

import json
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import ModelError, ModelInUse, ModelMissing
from classifier.model import ModelFiles, load_model
from classifier.registry import (
    PROJECT,
    Change,
    changing,
    current_model_dir,
    current_version,
    earlier_versions,
    history,
    instance_dir,
    kept_models,
    manifest_in_use,
    model_dir,
    models_dir,
    register,
    remove,
    set_current,
    versions,
)
from tests.classifier.kept import keep, model

Make = Callable[..., ModelFiles]


@pytest.fixture
def make(one_head_files: ModelFiles) -> Make:
    return partial(model, one_head_files)


def test_the_instance_is_where_the_environment_says() -> None:
    assert instance_dir({"TRIAGE_INSTANCE": "/srv/x"}) == Path("/srv/x")
    assert instance_dir({"TRIAGE_INSTANCE": "here"}) == PROJECT / "here"
    assert instance_dir({}) == instance_dir({"TRIAGE_INSTANCE": ""}) == PROJECT / "instance"


def test_without_a_pointer_no_model_is_in_use(tmp_path: Path) -> None:
    assert (current_version(tmp_path), manifest_in_use(tmp_path), history(tmp_path), kept_models(tmp_path)) == (None, None, [], [])
    with pytest.raises(ModelMissing, match="flask train"):
        current_model_dir(tmp_path)


def test_a_registered_model_is_kept_and_can_be_put_into_use(tmp_path: Path, one_head_files: ModelFiles, two_head_files: ModelFiles) -> None:
    for files in (one_head_files, two_head_files):
        register(files, tmp_path)
        set_current(tmp_path, files.manifest.version)
        assert current_model_dir(tmp_path) == tmp_path / "models" / files.manifest.version
        assert manifest_in_use(tmp_path) == files.manifest
    assert versions(tmp_path) == sorted([one_head_files.manifest.version, two_head_files.manifest.version])


def test_an_unharmed_model_is_not_written_again_and_a_broken_one_is(tmp_path: Path, one_head_files: ModelFiles) -> None:
    folder = register(one_head_files, tmp_path)
    before = folder.stat().st_ino
    assert register(one_head_files, tmp_path).stat().st_ino == before
    (folder / "model.npz").write_bytes(b"")
    register(one_head_files, tmp_path)
    assert load_model(folder).version == one_head_files.manifest.version


def test_the_model_in_use_is_not_exchanged_under_its_name_and_a_candidate_is(tmp_path: Path, make: Make) -> None:
    old, new = make("m-a"), make("m-a", label="1" * 100)
    keep(tmp_path, old)
    keep(tmp_path, new, in_use="m-a")
    assert manifest_in_use(tmp_path) == new.manifest
    keep(tmp_path, old)
    assert manifest_in_use(tmp_path) == new.manifest


def test_a_broken_model_is_not_put_into_use(tmp_path: Path, one_head_files: ModelFiles) -> None:
    (register(one_head_files, tmp_path) / "words.txt").write_text("x", encoding="utf-8")
    for version in (one_head_files.manifest.version, "m-none"):
        with pytest.raises(ModelError):
            set_current(tmp_path, version)
    assert (current_version(tmp_path), history(tmp_path)) == (None, [])


NO_NAMES = ["", "../../etc", "..", ".", ".lock", "a/b", "m-\n1", "停电" * 99]


@pytest.mark.parametrize("content", NO_NAMES, ids=repr)
def test_a_pointer_that_is_no_plain_name_is_no_pointer(tmp_path: Path, content: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current").write_text(content, encoding="utf-8")
    assert current_version(tmp_path) is None


@pytest.mark.parametrize("name", [*NO_NAMES, "m-none", "m-\x00"], ids=repr)
def test_what_is_no_name_of_a_model_leads_to_no_folder(tmp_path: Path, make: Make, name: str) -> None:
    keep(tmp_path, make("m-a"))
    for use in (model_dir, remove):
        with pytest.raises(ModelMissing, match="flask models list"):
            use(tmp_path, name)
    assert versions(tmp_path) == ["m-a"]


def test_a_pointer_to_a_model_that_is_gone_says_so(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current").write_text("m-12345678\n", encoding="utf-8")
    with pytest.raises(ModelMissing, match="is gone"):
        current_model_dir(tmp_path)


def test_folders_that_are_no_models_are_not_listed_and_broken_ones_are_with_their_trouble(tmp_path: Path, make: Make) -> None:
    (tmp_path / "models" / "rubbish").mkdir(parents=True)
    keep(tmp_path, make("m-a"), make("m-b"))
    (models_dir(tmp_path) / "m-b" / "manifest.json").write_text("{}", encoding="utf-8")
    assert versions(tmp_path) == ["m-a"]
    assert {kept.version: kept.trouble.partition(": ")[2][:13] for kept in kept_models(tmp_path)} == {"m-a": "", "m-b": "its format is"}


def test_a_model_is_removed_unless_it_is_in_use(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b"), in_use="m-a")
    remove(tmp_path, "m-b")
    with pytest.raises(ModelInUse, match="stays"):
        remove(tmp_path, "m-a")
    assert versions(tmp_path) == ["m-a"]
    assert sorted(path.name for path in models_dir(tmp_path).iterdir()) == [".lock", "current", "history.jsonl", "m-a"]


# the history


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_one_is_whole(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"), make("m-b"), in_use="m-a")
    path = models_dir(tmp_path) / "history.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"at": "2026-11-', encoding="utf-8")
    set_current(tmp_path, "m-b", by="li")
    assert [change.version for change in history(tmp_path)] == ["m-a", "m-b"]
    assert earlier_versions(tmp_path) == ["m-a"]


@pytest.mark.parametrize("line", ["[]", "1", "{}", '{"version": "m-a"}', "\\xff", '"停电"'])
def test_a_line_of_something_else_is_passed_over(tmp_path: Path, line: str) -> None:
    models_dir(tmp_path).mkdir()
    (models_dir(tmp_path) / "history.jsonl").write_text(f"{line}\n", encoding="utf-8")
    assert history(tmp_path) == []


def test_a_change_reads_back_as_it_was_written(tmp_path: Path, make: Make) -> None:
    keep(tmp_path, make("m-a"))
    now = datetime(2026, 11, 23, 6, 0, 7, tzinfo=UTC)
    made = set_current(tmp_path, "m-a", by="li", reason="“试”\n运行", metric="topic", figures={"texts": 40}, now=now)
    assert history(tmp_path) == [made] == [Change("m-a", None, "li", now, reason="“试”\n运行", metric="topic", figures={"texts": 40})]


WAYS: dict[str, tuple[list[tuple[str, str | None, str]], str | None, list[str]]] = {
    "one after the other": ([("a", None, "promoted"), ("b", "a", "promoted"), ("c", "b", "promoted")], "c", ["b", "a"]),
    "back and on": ([("a", None, "promoted"), ("b", "a", "promoted"), ("a", "b", "rolled back"), ("c", "a", "promoted")], "c", ["a"]),
    "the same again": ([("a", None, "promoted"), ("b", "a", "promoted"), ("a", "b", "promoted")], "a", ["b", "a"]),
    "power failed before the pointer": ([("a", None, "promoted"), ("b", "a", "promoted")], "a", []),
    "and then went on": ([("a", None, "promoted"), ("b", "a", "promoted"), ("c", "a", "promoted")], "c", ["a"]),
    "power failed when rolling back": ([("a", None, "promoted"), ("b", "a", "promoted"), ("a", "b", "rolled back")], "b", ["a"]),
    "pointer written by hand": ([("a", None, "promoted")], "c", ["a"]),
    "pointer taken away": ([("a", None, "promoted"), ("b", "a", "promoted")], None, ["b", "a"]),
    "what is no longer kept": ([("gone", None, "promoted"), ("b", "gone", "promoted")], "b", []),
    "no history": ([], "a", []),
}


@pytest.mark.parametrize(("changes", "in_use", "back"), WAYS.values(), ids=WAYS)
def test_the_way_back_is_what_was_in_use_before(
    tmp_path: Path, changes: list[tuple[str, str | None, str]], in_use: str | None, back: list[str]
) -> None:
    for name in "abc":
        (models_dir(tmp_path) / name).mkdir(parents=True)
    lines = [Change(version, before, "li", datetime.now(UTC), action).as_json() for version, before, action in changes]
    (models_dir(tmp_path) / "history.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if in_use:
        (models_dir(tmp_path) / "current").write_text(in_use, encoding="utf-8")
    assert earlier_versions(tmp_path) == back


@given(st.text(), st.text())
def test_any_reason_is_one_line(by: str, reason: str) -> None:
    line = Change("m-a", None, by, datetime.now(UTC), reason=reason).as_json()
    assert len(line.encode("utf-8").splitlines()) == 1
    assert json.loads(line)["reason"] == reason


# at the same time


def wait_for_the_lock(instance: Path, queue: "multiprocessing.SimpleQueue[str]") -> None:
    with changing(instance):
        queue.put("other")


def test_another_process_waits_until_the_change_is_done(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    other = fork.Process(target=wait_for_the_lock, args=(tmp_path, queue))
    with changing(tmp_path):
        other.start()
        other.join(0.2)
        queue.put("first")
    other.join()
    assert [queue.get(), queue.get()] == ["first", "other"]
