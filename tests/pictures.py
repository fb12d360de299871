"""The pictures of the docs: each is taken by a browser test, and what it was taken of is recorded beside it, so that a stale one is noticed."""

import hashlib
import json
import os
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, meta
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
TEMPLATES = ROOT / "routes" / "web" / "templates"
STYLE = ROOT / "routes" / "static" / "triage.css"
RECORD = "made_from.json"
RETAKE = "SCREENSHOTS=docs/screenshots .venv/bin/python -m pytest tests/test_browser.py"
PICTURES = {
    "agent": "agent.html",
    "dispatch": "dispatch.html",
    "desk": "dispatch_one.html",
    "queue": "queue.html",
    "queue-dark": "queue.html",
    "ticket": "ticket.html",
    "ticket-phone": "ticket.html",
    "timeliness": "timeliness.html",
    "admin": "admin.html",
}


def made_from(name: str, style: Path = STYLE) -> str:
    """Give the digest of what a picture shows: its page's template, those that it is made of, and the style."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    found, waiting = {style}, [f"pages/{PICTURES[name]}"]
    while waiting:
        path = TEMPLATES / waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [one for one in meta.find_referenced_templates(environment.parse(path.read_text(encoding="utf-8"))) if one]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in sorted(found))).hexdigest()[:16]


def take(page: Page, name: str, folder: str | None = os.environ.get("SCREENSHOTS")) -> None:
    """Take a picture of a page and record what it was taken of, if the run was given a folder for pictures; `KeyError`: a name that is not listed."""
    digest = made_from(name)
    if not folder:
        return
    page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=False, animations="disabled")  # or a change of colours is caught half-way
    record = Path(folder) / RECORD
    kept = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    record.write_text(json.dumps(kept | {name: digest}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def recorded() -> dict[str, str]:
    """Give what the committed pictures were taken of."""
    return dict(json.loads((FOLDER / RECORD).read_text(encoding="utf-8")))
