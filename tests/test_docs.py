"""What exists is what is documented, and the other way round: commands, routes, settings, error codes, front-end packages."""

import json
import re
from pathlib import Path

import click
import pytest

from scripts.docs import REFERENCE, reference
from triage.errors import TriageError
from triage.settings import SETTINGS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    from wsgi import create_app

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRIAGE_INSTANCE", str(tmp_path_factory.mktemp("instance")))
        return create_app()


def documented(heading: str) -> list[str]:
    """Give what stands in backticks in the first column of the table under a heading."""
    _, found, rest = REFERENCE.read_text(encoding="utf-8").partition(f"\n## {heading} ")
    assert found, f"{REFERENCE.name} has no heading {heading!r}"
    return re.findall(r"^\| `([^`]+)`", rest.partition("\n## ")[0], re.MULTILINE)


def agree(existing: list[str], written: list[str]) -> None:
    assert sorted(set(existing) - set(written)) == [], "exist, but are not documented"
    assert sorted(set(written) - set(existing)) == [], "are documented, but do not exist"
    assert len(written) == len(set(written)), "stand there twice"


def commands(group: click.Group, prefix: str = "flask") -> list[str]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
        else:
            found.append(f"{prefix} {name}")
    return found


def below(kind: type[TriageError]) -> list[type[TriageError]]:
    return [kind, *(other for direct in kind.__subclasses__() for other in below(direct))]


def test_every_command_is_documented(app):
    # run, shell and routes are Flask's own.
    ours = [name for name in commands(app.cli) if name not in ("flask run", "flask shell", "flask routes")]
    agree(ours, documented("Commands"))


def test_every_command_says_what_it_does(app):
    def silent(group):
        return [n for n, c in group.commands.items() if not c.help or (isinstance(c, click.Group) and silent(c))]

    assert silent(app.cli) == []


def test_every_route_is_documented(app):
    agree(sorted({rule.rule for rule in app.url_map.iter_rules()}), documented("Routes"))


def test_every_setting_is_documented():
    agree([setting.name for setting in SETTINGS], documented("Settings"))


def test_no_setting_is_read_that_is_not_declared():
    ours = [path for folder in ("triage", "classifier", "routes") for path in (ROOT / folder).rglob("*.py")]
    ours += [ROOT / name for name in ("wsgi.py", "gunicorn.conf.py", "tables.py")]
    read = {name for path in ours for name in re.findall(r"\bTRIAGE_[A-Z_]+", path.read_text(encoding="utf-8"))}
    assert read - {setting.name for setting in SETTINGS} == set()


def test_every_error_code_is_documented():
    agree([kind.code for kind in below(TriageError)], documented("Error codes"))


def test_every_error_has_a_code_and_a_sentence_of_its_own():
    kinds = below(TriageError)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert [kind.__name__ for kind in kinds if "__doc__" not in vars(kind) or not kind.__doc__] == []


def test_the_reference_is_what_the_code_says_now():
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "write it again: python -m scripts.docs"


def test_every_front_end_package_is_listed_with_its_licence():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    packages = {name.removeprefix("node_modules/"): package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-")
        assert f"| {name} | {package['version']} | {package['license']} |" in text


def test_links_in_the_docs_lead_somewhere():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
