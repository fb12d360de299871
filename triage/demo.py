"""The demo organisation: an invented province with cities, counties and stations, one user per role, made once."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triage.customer_files import read_count, units_by_word
from triage.demo_customers import HOW_MANY, invented
from triage.people import User, hasher, new_password
from triage.reference import DATA, load_file
from triage.terms import Role

if TYPE_CHECKING:
    from triage.store import Store

FOLDER = DATA / "demo"


def rows(name: str, folder: Path = FOLDER) -> Iterator[dict[str, str]]:
    """Give the rows of a demo file; an empty parent is none."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if not (key == "parent_code" and not value)}


def make_demo(store: "Store", now: datetime) -> list[tuple[User, str]]:
    """Make what is missing of the demo organisation, and give the users that were made with their passwords, which are kept nowhere else."""
    made: list[tuple[User, str]] = []
    with store.writing():
        store.add_missing("units", rows("units"))
        merged = {row["code"] for row in store.units() if row["merged_into_code"]}
        store.add_missing("teams", (row for row in rows("teams") if row["unit_code"] not in merged))
        for table in ("areas", "customers"):
            store.add_missing(table, rows(table))
        known = {row["username"] for row in store.users()}
        for row in rows("users"):
            if row["username"] not in known:
                user = User(row["username"], row["name"], Role(row["role"]), row["unit_code"], row["department_code"])
                password = new_password()
                store.add_user(user, hasher().hash(password), now)
                made.append((user, password))
        store.add_missing("crews", ({**row, "is_active": True} for row in rows("crews") if row["unit_code"] not in merged))
        store.add_missing("crew_members", members_missing(store))
    return made


def fill_demo(store: "Store", now: datetime, how_many: int = HOW_MANY) -> int:
    """Add what a whole organisation has beside its people, where it is missing: customers, their number per unit, office hours, local holidays.

    Gives how many customers were added; who is there already, and what a person edited, stays.
    """
    with store.writing():
        heirs = units_by_word(store)
        people = [replace(one, unit_code=heirs[one.unit_code]) for one in invented(now, how_many)]
        known = store.customers_of([one.number for one in people])
        store.keep_customers([one for one in people if one.number not in known], now)
        for row in rows("unit_customers"):
            _keep_count(store, row, heirs, now)
        changed = sum(load_file(store, table, FOLDER / f"{table}.csv") for table in ("office_hours", "unit_days"))
        if changed:
            store.bump_reference()
    if changed:
        store.recompute_open(store.rules(), now)
    return len(people) - len(known)


def _keep_count(store: "Store", row: dict[str, str], heirs: dict[str, str], now: datetime) -> None:
    one = read_count(row, heirs, now)
    if heirs[row["unit_code"]] == row["unit_code"] and store.unit_count(one.unit_code, one.as_of_on) is None:
        store.keep_unit_count(one.unit_code, one.as_of_on, one.customers, one.source, now)


def members_missing(store: "Store") -> Iterator[dict[str, str]]:
    """Give who belongs to the crews, of those who are there, for those crews to which nobody belongs yet: what a leader changed stays."""
    for row in rows("crew_members"):
        crew = store.find_crew(row["crew"])
        if crew is not None and not crew.members and store.user(row["username"]) is not None:
            yield row
