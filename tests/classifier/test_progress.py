"""Progress: a person sees how far it is, a program's standard output stays clean."""

import pytest

from classifier.progress import Quiet, Spoken, _bar


@pytest.mark.parametrize("progress", [Quiet(), Spoken()], ids=["quiet", "spoken"])
def test_the_items_pass_unchanged(progress: Quiet) -> None:
    assert list(progress.each(range(3), "counting", 3)) == [0, 1, 2]


@pytest.mark.parametrize("progress", [Quiet(), Spoken()], ids=["quiet", "spoken"])
def test_rows_may_be_counted_in_leaps(progress: Quiet) -> None:
    with progress.count("counting", 10, 4) as advance:
        advance(2)
        advance(4)


def test_the_bar_has_rows_rate_and_the_time_that_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    with _bar("classifying", 2000, initial=500, unit=" rows", unit_scale=True) as bar:
        bar.delay, bar.start_t = 0, bar.start_t - 10
        bar.update(500)
        bar.refresh()
        assert "50%" in str(bar)
        assert "1.00k/2.00k [00:10<00:20, 50.0 rows/s]" in str(bar)
    assert capsys.readouterr().out == ""


def test_stages_are_told_on_standard_error_with_their_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with Spoken().stage("cutting words"):
        pass
    with Quiet().stage("unheard"):
        Quiet().say("unheard")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "cutting words: 0.0 s\n")
