"""Progress: a person sees how far it is, a program's standard output stays clean."""

import pytest

from classifier.progress import Quiet, Spoken


@pytest.mark.parametrize("progress", [Quiet(), Spoken()], ids=["quiet", "spoken"])
def test_the_items_pass_unchanged(progress: Quiet) -> None:
    assert list(progress.each(range(3), "counting", 3)) == [0, 1, 2]


def test_stages_are_told_on_standard_error_with_their_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with Spoken().stage("cutting words"):
        pass
    with Quiet().stage("unheard"):
        Quiet().say("unheard")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "cutting words: 0.0 s\n")
