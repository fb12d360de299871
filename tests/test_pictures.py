"""No picture in the docs is stale: each is made by a browser test, of the templates and the style as they are now."""

import re

import pytest

from tests.pictures import FOLDER, PICTURES, RETAKE, ROOT, made_from, recorded

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown():
    """The pictures that the docs show."""
    return {name for page in PAGES for name in re.findall(r"screenshots/([\w-]+)\.png", page.read_text(encoding="utf-8"))}


def test_every_picture_of_the_docs_is_there_and_every_one_that_is_there_is_shown():
    assert {path.stem for path in FOLDER.glob("*.png")} == shown() == set(PICTURES)


def test_every_picture_is_taken_by_a_browser_test():
    taken = re.findall(r'take\(page, "([\w-]+)"\)', (ROOT / "tests" / "test_browser.py").read_text(encoding="utf-8"))
    assert sorted(taken) == sorted(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_was_taken_of_the_page_as_it_is_now(name):
    assert recorded().get(name) == made_from(name), f"{name}.png is stale; take the pictures anew: {RETAKE}"


def test_another_style_makes_a_picture_stale(tmp_path):
    changed = tmp_path / "triage.css"
    changed.write_text("body { color: red }", encoding="utf-8")
    assert made_from("agent", changed) != made_from("agent")
