"""The demand side (需求侧): where demands of capacity, voltage, reliability and price gather, by transformer area, hour and season."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import RowMapping

from triage.figures import Reading, wilson
from triage.settings import ROOT
from triage.wording import say

FEWEST = 10  # inferred: with fewer tickets the hours are mostly chance
# Inferred: provinces draw their time-of-use bands differently, and by season; these hours are peak and valley in most of them.
PEAK, VALLEY = (8, 9, 10, 11, 17, 18, 19, 20, 21), (23, 0, 1, 2, 3, 4, 5, 6)
FLAT = tuple(hour for hour in range(24) if hour not in (*PEAK, *VALLEY))
BANDS = {"peak": (say("Peak"), PEAK), "flat": (say("Flat"), FLAT), "valley": (say("Valley"), VALLEY)}
SEASONS = {
    "spring": (say("Spring"), (3, 4, 5)),
    "summer": (say("Summer"), (6, 7, 8)),
    "autumn": (say("Autumn"), (9, 10, 11)),
    "winter": (say("Winter"), (12, 1, 2)),
}
RULE = say(
    "Peak hours are 8–12 and 17–22, valley hours 23–7 (provinces draw their bands differently; these are "
    "inferred by this system); a hint is given only if the lower bound of the 95% interval of a "
    "transformer area's share of demands at peak (valley) hours is above the share of all transformer "
    "areas; fewer than {fewest} are not judged. The time is that of the call, not that of the load.",
    fewest=FEWEST,
)


@dataclass(frozen=True)
class Topic:
    """A topic that tells of the demand side, and its kind."""

    topic: str
    kind: str
    name: str
    basis: str


@dataclass(frozen=True)
class Place:
    """A transformer area of a unit (both empty where nobody knows them): how many demands, of which kinds, in which bands and seasons."""

    area: str
    unit_code: str
    n: int
    kinds: Mapping[str, int]
    bands: Mapping[str, int]
    seasons: Mapping[str, int]


@lru_cache
def topics() -> tuple[Topic, ...]:
    """Give the topics of `data/demand_topics.csv`."""
    with (ROOT / "data" / "demand_topics.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Topic(**row) for row in csv.DictReader(file))


def kinds() -> dict[str, str]:
    """Give the kinds of demands with their names."""
    return {one.kind: one.name for one in topics()}


def places(reading: Reading) -> list[Place]:
    """Gather the demands of a period by transformer area, the most first; an area is that of the customer's record."""
    gathered: dict[tuple[str, str], list[RowMapping]] = {}
    for row in reading.store.demand_rows(reading.wanted(("received",)), [one.topic for one in topics()]):
        gathered.setdefault((row["area"], row["area_unit"]), []).append(row)
    found = [_place(area, unit, rows) for (area, unit), rows in gathered.items()]
    return sorted(found, key=lambda one: (-one.n, one.area, one.unit_code))


def hint(place: Place, every: Sequence[Place]) -> str:
    """Say in words whether an area's demands come at peak or valley hours more than those of all areas together, by `RULE`."""
    if place.n < FEWEST:
        return say("Fewer than {fewest}, not judged", fewest=FEWEST)
    total = sum(one.n for one in every)
    for band, advice in (
        ("peak", say("Check the peak load and the transformer's capacity; consider shifting load, transferring it or adding capacity")),
        ("valley", say("Check the load at night (electric heating, charging and the like); consider guiding customers to other hours")),
    ):
        share = sum(one.bands[band] for one in every) / total
        if wilson(place.bands[band], place.n)[0] > share:
            own = place.bands[band] / place.n
            return say(
                "Concentrated in {band} hours ({own:.0%}; all transformer areas {share:.0%}): {advice}",
                band=BANDS[band][0],
                own=own,
                share=share,
                advice=advice,
            )
    return say("Hours do not clearly differ from those of all transformer areas")


def listed(reading: Reading, place: tuple[str, str], *, kind: str = "", band: str = "", season: str = "") -> Sequence[RowMapping]:
    """List exactly the tickets behind a count of an area and its unit: all, or those of one kind, band or season."""
    wanted = [one.topic for one in topics() if kind in ("", one.kind)]
    hours = [f"{hour:02d}" for hour in (BANDS[band][1] if band else range(24))]
    months = [f"{month:02d}" for month in (SEASONS[season][1] if season else range(1, 13))]
    return reading.store.demand_list(reading.wanted(("received",)), wanted, place, hours, months)


def _place(area: str, unit: str, rows: Sequence[RowMapping]) -> Place:
    kind_of = {one.topic: one.kind for one in topics()}
    of_kind, of_band, of_season = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        n = int(row["n"])
        of_kind[kind_of[row["topic"]]] += n
        of_band[next(band for band, (_, hours) in BANDS.items() if int(row["hour"]) in hours)] += n
        of_season[next(season for season, (_, months) in SEASONS.items() if int(row["month"]) in months)] += n
    return Place(area, unit, of_kind.total(), of_kind, of_band, of_season)
