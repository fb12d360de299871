"""A made-up province (or one city) and its tickets as the board reads them: peaks of the day, weekdays, holidays, summers, storms.

It writes rows (steps, decisions, audit entries), not cases: the hash chain is left empty, no texts of the corpus, no predictions.
Volumes may be scaled from 10⁴ to 10⁷.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

import chinese_calendar
from sqlalchemy import Connection

from benchmarks.volumes import COLUMNS, WRITE

CITIES, COUNTIES, STATIONS = 13, 7, 8
DAYS = 730
BLOCK = 20_000
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 9, 7, 7, 8, 8, 8, 9, 11, 13, 13, 10, 6, 4)  # calls by hour: forenoon and evening
WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 1.0, 0.8, 0.75)
MONTHS = (1.2, 1.0, 0.9, 0.85, 0.9, 1.05, 1.4, 1.45, 1.05, 0.85, 0.9, 1.15)
STORMS_A_YEAR, STORM = 5, 8.0  # so many days on which two cities call so many times as often
AUDIT = "ticket_number, seq, happened_at, actor, action, detail_json, previous_hash, hash"
STEP = """ticket_number, step, watch, department, unit_code, is_by_machine, from_event, started_at, due_at, yellow_at, red_at, is_confirmed,
    limit_text, ended_at, used_seconds"""
TICKET = """number, contact_id, text, state, level, queue_rank, demand_type, topic, department, unit_code, team_unit, channel, received_at, version,
    is_confidential, is_watched, next_step, next_due_at, yellow_at, red_at, is_confirmed, reply, finding,
    satisfaction, closed_at, chases, reopenings"""
# Step, hours allowed, typical hours that it takes, whether the department has a clock of its own.
WAY = (
    ("dispatch", 2, 0.2, False),
    ("accept", 2, 0.6, False),
    ("contact", 24, 7, True),
    ("resolve", 120, 60, True),
    ("review", 24, 5, False),
    ("callback", 24, 8, False),
)
ARRIVAL = ("arrive", 1.5, 0.7, True)
TYPES = ("complaint",) * 3 + ("fault",) * 4 + ("opinion", "enquiry", "request")
CHANNELS = ("phone",) * 8 + ("online", "12345")
MADE_BY = ("model",) * 6 + ("agent",) * 3 + ("dispatcher",)


@dataclass(frozen=True)
class Province:
    """How many tickets until when, of which topics (each with its department); the rest is drawn by the seed."""

    tickets: int
    until: datetime
    topics: Sequence[tuple[str, str]]
    agents: int = 200
    seed: int = 1
    cities: int = CITIES

    @cached_property
    def stations(self) -> tuple[str, ...]:
        """Where the tickets are."""
        return tuple(code for code, kind, _ in units(self.cities) if kind == "station")


def units(cities: int = CITIES) -> Iterator[tuple[str, str, str | None]]:
    """Give the units: code, kind, the one above."""
    yield "70", "province", None
    for city in range(1, cities + 1):
        yield f"70{city:02d}", "city", "70"
        for county in range(1, COUNTIES + 1):
            yield f"70{city:02d}{county:02d}", "county", f"70{city:02d}"
            for station in range(1, STATIONS + 1):
                yield f"70{city:02d}{county:02d}{station:02d}", "station", f"70{city:02d}{county:02d}"


def days_of(province: Province, chance: random.Random) -> list[tuple[date, int, frozenset[str]]]:
    """Give the days with how many tickets each has, and the cities in which a storm rages."""
    last = province.until.date() - timedelta(days=1)
    days = [last - timedelta(days=back) for back in range(DAYS)][::-1]
    storms = {
        chance.choice(days): frozenset(f"70{chance.randint(1, province.cities):02d}" for _ in range(2)) for _ in range(STORMS_A_YEAR * DAYS // 365)
    }
    weights = [
        WEEKDAYS[day.weekday()]
        * MONTHS[day.month - 1]
        * (0.7 if is_holiday(day) else 1)
        * (1 + STORM * min(1, 2 / province.cities) * (day in storms))
        for day in days
    ]
    bounds = [round(province.tickets * so_far / sum(weights)) for so_far in accumulate(weights)]
    return [(day, high - low, storms.get(day, frozenset())) for day, low, high in zip(days, [0, *bounds], bounds, strict=False)]


def is_holiday(day: date) -> bool:
    """Say whether nobody works on a day; of years that nobody has announced, only weekends are known."""
    try:
        return bool(chinese_calendar.is_holiday(day)) and day.weekday() < 5
    except NotImplementedError:
        return False


def load_province(connection: Connection, province: Province) -> None:
    """Load units and tickets into a migrated database with reference data and no tickets, a block of them in a transaction."""
    chance = random.Random(province.seed)
    COLUMNS.update({"tickets": TICKET, "steps": STEP, "audit": AUDIT, "units": "code, name, kind, parent_code", "links": LINKS})
    write = WRITE[connection.dialect.name]
    write(connection, {"units": [(code, f"单位{code}", kind, parent) for code, kind, parent in units(province.cities)]})
    number, made = 0, fresh()
    for day, count, stormy in days_of(province, chance):
        cities = [station for station in province.stations if station[:4] in stormy]
        for serial in range(1, count + 1):
            number += 1
            station = chance.choice(cities) if cities and chance.random() < 0.7 else chance.choice(province.stations)
            for where, row in case(number, serial, day, station, bool(cities), province, chance):
                made[where].append(row)
            if not number % BLOCK:
                write(connection, made)
                made = fresh()
    write(connection, made)


LINKS = "ticket_number, other_number, kind, reason, actor, made_at"


def fresh() -> dict[str, list[tuple[Any, ...]]]:
    """Give empty lists, in the order in which they may be written."""
    return {name: [] for name in ("contacts", "tickets", "steps", "decisions", "audit")}


def text(moment: datetime) -> str:
    """Write a moment as the tables keep it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def case(
    number: int, serial: int, day: date, station: str, is_storm: bool, province: Province, chance: random.Random
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Give all rows of a ticket, each with its table."""
    hour = chance.choices(range(24), HOURS)[0]
    received = datetime(day.year, day.month, day.day, hour, chance.randrange(60), chance.randrange(60), tzinfo=UTC) - timedelta(hours=8)
    kind = "fault" if is_storm and chance.random() < 0.8 else chance.choice(TYPES)
    topic, department = chance.choice(province.topics[:3] if kind == "fault" else province.topics)
    name, agent, channel = f"{day:%Y%m%d}{serial:08d}", f"agent-{chance.randrange(province.agents)}", chance.choice(CHANNELS)
    by, strain = chance.choice(MADE_BY), (3.0 if is_storm else 1.0) * chance.lognormvariate(0, 0.5)
    at, ended, steps, audit = received, None, [], [("receive", received, "{}")]
    way = [*WAY[:2], ARRIVAL, *WAY[2:]] if kind == "fault" else WAY
    for step, allowed, typical, has_own in way:
        due, end = at + timedelta(hours=allowed), at + timedelta(hours=chance.expovariate(1 / (typical * strain)))
        ended = end if end < province.until else None
        times = (text(at), text(due), text(due - timedelta(hours=0.3 * allowed)), text(due + timedelta(minutes=1)))
        took = ended and int((ended - at).total_seconds())
        row = (department, station, step == "dispatch" and by == "model", "received", *times, True, "", ended and text(ended), took)
        steps += [(name, step, watch, *row) for watch in (("customer", "department") if has_own else ("customer",))]
        if ended is None:
            break
        if step in ("resolve", "callback"):
            answer = '{"satisfaction":"' + chance.choice("1111122235") + '"}'
            audit.append((step, ended, answer if step == "callback" else "{}"))
        at = ended
    if ended is not None:
        audit.append(("close", at, "{}"))
    last = steps[-1]
    open_times = (None, None, None, None) if ended is not None else (last[1], last[8], last[9], last[10])
    finding = chance.choice(("upheld", "upheld", "not_upheld")) if kind == "complaint" and len(audit) > 1 else ""
    state = "closed" if ended is not None else "accepted"
    yield "contacts", (number, channel, "", "", f"{number % 900_000:016x}", "", "", agent, False, text(received), "")
    yield "tickets", (
        name, number, "电费多算了", state, "ordinary", 1, kind, topic, department, station, station, channel, text(received), 1,
        False, False, *open_times, True, "", finding, "", ended and text(at), int(chance.random() < 0.04), int(chance.random() < 0.02),
    )  # fmt: skip
    for row in steps:
        yield "steps", row
    sent = (name, by, "", kind, topic, department, station, station, "ordinary", "dispatched", "[]", "[]", "[]", "[]", 0.97, 0.9, text(received))
    yield "decisions", sent
    for seq, (action, when, detail) in enumerate(audit, 1):
        yield "audit", (name, seq, text(when), agent, action, detail, "", "")
