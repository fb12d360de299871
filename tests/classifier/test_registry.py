"""The registry: a model under its version, one of them in use, and nothing that points nowhere."""

from pathlib import Path

import pytest

from classifier.errors import ModelError, ModelMissing
from classifier.model import ModelFiles, load_model
from classifier.registry import PROJECT, current_model_dir, current_version, instance_dir, register, set_current, versions


def test_the_instance_is_where_the_environment_says() -> None:
    assert instance_dir({"TRIAGE_INSTANCE": "/srv/x"}) == Path("/srv/x")
    assert instance_dir({"TRIAGE_INSTANCE": "here"}) == PROJECT / "here"
    assert instance_dir({}) == instance_dir({"TRIAGE_INSTANCE": ""}) == PROJECT / "instance"


def test_without_a_pointer_no_model_is_in_use(tmp_path: Path) -> None:
    assert current_version(tmp_path) is None
    with pytest.raises(ModelMissing, match="flask train"):
        current_model_dir(tmp_path)


def test_a_registered_model_is_kept_and_can_be_put_into_use(tmp_path: Path, one_head_files: ModelFiles, two_head_files: ModelFiles) -> None:
    for files in (one_head_files, two_head_files):
        register(files, tmp_path)
        set_current(tmp_path, files.manifest.version)
        assert current_model_dir(tmp_path) == tmp_path / "models" / files.manifest.version
    assert versions(tmp_path) == sorted([one_head_files.manifest.version, two_head_files.manifest.version])


def test_an_unharmed_model_is_not_written_again_and_a_broken_one_is(tmp_path: Path, one_head_files: ModelFiles) -> None:
    folder = register(one_head_files, tmp_path)
    before = folder.stat().st_ino
    assert register(one_head_files, tmp_path).stat().st_ino == before
    (folder / "model.skops").write_bytes(b"")
    register(one_head_files, tmp_path)
    assert load_model(folder).version == one_head_files.manifest.version


def test_a_broken_model_is_not_put_into_use(tmp_path: Path, one_head_files: ModelFiles) -> None:
    (register(one_head_files, tmp_path) / "words.txt").write_text("x", encoding="utf-8")
    for version in (one_head_files.manifest.version, "m-none"):
        with pytest.raises(ModelError):
            set_current(tmp_path, version)
    assert current_version(tmp_path) is None


@pytest.mark.parametrize("content", ["", "../../etc", "..", "a/b", "m-\n1", "停电" * 99], ids=repr)
def test_a_pointer_that_is_no_plain_name_is_no_pointer(tmp_path: Path, content: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current").write_text(content, encoding="utf-8")
    assert current_version(tmp_path) is None


def test_a_pointer_to_a_model_that_is_gone_says_so(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current").write_text("m-12345678\n", encoding="utf-8")
    with pytest.raises(ModelMissing, match="is gone"):
        current_model_dir(tmp_path)


def test_folders_that_are_no_models_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "models" / "rubbish").mkdir(parents=True)
    assert versions(tmp_path) == []
