"""Invented customers of the demo organisation: thousands, the same each time, none of whom can be a real person's record."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random

from triage.customers import CustomerRecord
from triage.moments import in_shanghai
from triage.settings import ROOT
from triage.terms import Locality, Supply

HOW_MANY = 4000
FOLDER = ROOT / "data" / "demo"
LISTS = ("surname", "given", "firm", "key", "big")


@dataclass(frozen=True)
class Area:
    """Where customers live: what addresses begin with, the unit, and what is found there; villages come behind the streets."""

    place: str
    short: str
    unit_code: str
    locality: Locality
    share: int
    streets: tuple[str, ...]
    villages: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """What names and addresses are made of: lists to choose from, and how the parts are put together."""

    lists: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, str]


@lru_cache
def areas() -> tuple[Area, ...]:
    """Give the areas of `data/demo/streets.csv`."""
    with (FOLDER / "streets.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_area(row) for row in csv.DictReader(file))


@lru_cache
def names() -> Names:
    """Give the parts of `data/demo/names.csv`; those of `big` are houses with a transformer of their own (专变)."""
    with (FOLDER / "names.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["kind"]: row["text"] for row in csv.DictReader(file)}
    return Names({kind: tuple(texts.pop(kind).split(";")) for kind in LISTS}, texts)


def invented(now: datetime, how_many: int = HOW_MANY) -> Iterator[CustomerRecord]:
    """Give invented customers, the same for the same day; phones begin with 100, which no line in China does (mobiles begin with 13 to 19).

    About one in 40 is a key or sensitive customer, one in 50 is cut for arrears, one in 150 for another reason.
    """
    dice, today = Random(95598), in_shanghai(now).date()
    chosen = dice.choices(areas(), [area.share for area in areas()], k=how_many)
    for number, area in enumerate(chosen, start=1):
        yield _customer(dice, number, area, today)


def _area(row: Mapping[str, str]) -> Area:
    streets, villages = (tuple(filter(None, row[name].split(";"))) for name in ("streets", "villages"))
    return Area(row["place"], row["short"], row["unit_code"], Locality(row["locality"]), int(row["share"]), streets, villages)


def _customer(dice: Random, number: int, area: Area, today: date) -> CustomerRecord:
    lists, forms = names().lists, names().forms
    key = dice.choice(lists["key"]) if dice.random() < 1 / 40 else ""
    supply = dice.choices(tuple(Supply), (147, 3, 1))[0] if not key else Supply.ON
    since = None if supply is Supply.ON else today - timedelta(days=dice.randrange(1, 60))
    is_firm, is_big = not key and dice.random() < 1 / 20, key in lists["big"]
    return CustomerRecord(
        number=f"{area.unit_code[:4]}1{number:05d}",
        name=_institution(dice, area, key) if is_big else _firm(dice, area) if is_firm else _person(dice),
        phone=f"1000{number:07d}",
        address=_address(dice, area),
        unit_code=area.unit_code,
        locality=area.locality,
        transformer_area=forms["own_transformer"] if is_big else forms["transformer_area"].format(short=area.short, number=dice.randrange(1, 25)),
        key_kind=key,
        supply=supply,
        supply_since_on=since,
    )


def _institution(dice: Random, area: Area, key: str) -> str:
    return names().forms["institution"].format(place=area.place, number=dice.randrange(2, 20), key=key)


def _person(dice: Random) -> str:
    lists = names().lists
    return dice.choice(lists["surname"]) + "".join(dice.sample(lists["given"], dice.choice((1, 2, 2, 2))))


def _firm(dice: Random, area: Area) -> str:
    lists = names().lists
    return f"{area.short}{''.join(dice.sample(lists['given'], 2))}{dice.choice(lists['firm'])}"


def _address(dice: Random, area: Area) -> str:
    forms, street = names().forms, dice.choice((*area.streets, *area.villages))
    if street in area.villages:
        house = forms["village_house"].format(street=street, group=dice.randrange(1, 13), house=dice.randrange(1, 60))
        return f"{area.place}{house}"
    house = forms["house"].format(street=street, house=dice.randrange(1, 200))
    if area.locality is Locality.URBAN:
        house = forms["flat"].format(house=house, stair=dice.randrange(1, 6), floor=dice.randrange(1, 19), door=dice.randrange(1, 5))
    return f"{area.place}{house}"
