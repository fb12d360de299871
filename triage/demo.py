"""The demo organisation: an invented province with cities, counties and stations, one user per role, made once."""

import csv
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triage.people import User, hasher
from triage.reference import DATA
from triage.terms import Role

if TYPE_CHECKING:
    from triage.store import Store

FOLDER = DATA / "demo"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def rows(name: str, folder: Path = FOLDER) -> Iterator[dict[str, str]]:
    """Give the rows of a demo file; an empty parent is none."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if not (key == "parent_code" and not value)}


def make_demo(store: "Store", now: datetime) -> list[tuple[User, str]]:
    """Make what is missing of the demo organisation, and give the users that were made with their passwords, which are kept nowhere else."""
    made: list[tuple[User, str]] = []
    with store.writing():
        for table in ("units", "teams", "areas", "customers"):
            store.add_missing(table, rows(table))
        known = {row["username"] for row in store.users()}
        for row in rows("users"):
            if row["username"] not in known:
                user = User(row["username"], row["name"], Role(row["role"]), row["unit_code"], row["department_code"])
                password = new_password()
                store.add_user(user, hasher().hash(password), now)
                made.append((user, password))
    return made


def new_password() -> str:
    """Make a password that can be read aloud: four groups of three, about 59 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(3)) for _ in range(4))
