"""Who called when about what in the demo's invented past: hours, weekdays and seasons as at a real hotline, one storm, and a day that is not over."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from triage.customers import CustomerRecord
from triage.demo_customers import FOLDER, areas
from triage.moments import SHANGHAI, in_shanghai
from triage.settings import ROOT
from triage.terms import Channel

CORPUS = ROOT / "data" / "corpus"
MONTHS = 13  # whole months before this one: this month and the last have the same ones of last year beside them
FOCUS = 3.0  # this month and the last one are the busiest, in both years: a demo is looked at there
SHORTEST, LONGEST = 20, 150
TOLD = timedelta(hours=3)  # what came in during the last hours is told by `history_scenes.csv` alone
AGAIN = 0.06  # of the calls: the same customer about the same matter once more
SEASONS = {6: "summer", 7: "summer", 8: "summer", 12: "winter", 1: "winter", 2: "winter"}


@dataclass(frozen=True)
class Text:
    """A text of the corpus with its labels."""

    text: str
    topic: str
    demand_type: str


@dataclass(frozen=True)
class Call:
    """One call of the past: what is true of it, whatever the model will say of its text.

    `customer` is None where nobody knows who calls; `stops_at` is the step that its ticket waits for by now, where that is told;
    `storm` names the storm that it belongs to; `text` is what the agent writes down.
    """

    at: datetime
    customer: CustomerRecord | None
    about: Text
    channel: Channel = Channel.PHONE
    stops_at: str = ""
    storm: str = ""
    text: str = ""

    @property
    def street(self) -> str:
        """Where the customer lives, without the house."""
        address = self.customer.address if self.customer else ""
        area = next((one for one in areas() if one.place in address), None)
        street = next((name for name in (*area.streets, *area.villages) if name in address), "") if area else ""
        return f"{area.place}{street}" if area else ""


def rows(name: str) -> list[dict[str, str]]:
    """Give the rows of a file of the demo's past, `data/demo/history_{name}.csv`."""
    with (FOLDER / f"history_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache
def phrases() -> Mapping[str, tuple[str, ...]]:
    """Give what people write in the past, by kind: openings, replies, reasons, notes."""
    found: dict[str, list[str]] = {}
    for row in rows("texts"):
        found.setdefault(row["kind"], []).append(row["text"])
    return {kind: tuple(texts) for kind, texts in found.items()}


@lru_cache
def texts_of(topic: str) -> tuple[Text, ...]:
    """Give the texts of the corpus about a topic that could be any customer's on any day: those that name a place or a time do not fit."""
    unfit = re.compile("|".join(phrases()["unfit"]))
    with (CORPUS / f"{topic}.csv").open(encoding="utf-8", newline="") as file:
        found = [Text(row["text"], topic, row["demand_type"]) for row in csv.DictReader(file)]
    return tuple(one for one in found if SHORTEST <= len(one.text) <= LONGEST and not unfit.search(one.text)) or tuple(found)


def past(now: datetime, how_many: int, customers: Sequence[CustomerRecord], dice: Random) -> list[Call]:
    """Give the calls of the past up to a moment, the earliest first: so many, or those of the storm and of today alone where that is more."""
    told = [*storm(now, customers, dice), *scenes(now, customers, dice)]
    calls = sorted((*told, *ordinary(now, max(0, how_many - len(told)), customers, dice)), key=lambda call: call.at)
    return [_again(calls, place, dice) for place in range(len(calls))]


def ordinary(now: datetime, how_many: int, customers: Sequence[CustomerRecord], dice: Random) -> list[Call]:
    """Give calls spread over the months as hours, weekdays and seasons have them (`history_times.csv`, `history_topics.csv`; invented)."""
    weights = _weights()
    days = _days(in_shanghai(now).date())
    chances = [weights["month"][f"{day.month}"] * weights["weekday"][f"{day.isoweekday()}"] * _focus(day, now) for day in days]
    calls = []
    for day in dice.choices(days, chances, k=how_many):
        at = _moment(day, int(_pick(weights["hour"], dice)), dice)
        while at > now - TOLD:
            at -= timedelta(days=7)
        call = Call(at, dice.choice(customers), _about(at, dice), Channel(_pick(weights["channel"], dice)))
        calls.append(_of_weak_area(call, customers, dice))
    return calls


def storm(now: datetime, customers: Sequence[CustomerRecord], dice: Random) -> list[Call]:
    """Give the calls of the last storm (`history_storm.csv`): one district, most of them within two hours."""
    calls = []
    for row in rows("storm"):
        began, hit = storm_began(row, now), [one for one in customers if row["place"] in one.address]
        for _ in range(int(row["calls"]) if hit else 0):
            at = began + timedelta(minutes=int(dice.triangular(2, 150, 12)))
            calls.append(Call(at, dice.choice(hit), _text(row, dice), storm=row["place"]))
    return calls


def storm_began(row: Mapping[str, str], now: datetime) -> datetime:
    """Give when a storm of the file was last."""
    day = date(in_shanghai(now).year, int(row["month"]), int(row["day"]))
    day = day if day < in_shanghai(now).date() - timedelta(days=2) else day.replace(year=day.year - 1)
    return datetime.combine(day, time(int(row["hour"])), SHANGHAI)


def scenes(now: datetime, customers: Sequence[CustomerRecord], dice: Random) -> list[Call]:
    """Give the calls whose tickets are open now (`history_scenes.csv`), each waiting for the step that its row names."""
    found = []
    for row in rows("scenes"):
        there = [one for one in customers if row["place"] and one.transformer_area.startswith(row["place"])]
        at = now - timedelta(minutes=int(row["minutes_ago"]))
        found.append(Call(at, dice.choice(there) if there else None, _text(row, dice), stops_at=row["stops_at"]))
    return found


def _text(row: Mapping[str, str], dice: Random) -> Text:
    """Choose a text of a row's topic, and of its demand type where it names one; of two topics (`;`), which puzzles a model, both are said."""
    topic, _, beside = row["topic"].partition(";")
    first = dice.choice([one for one in texts_of(topic) if row["demand_type"] in ("", one.demand_type)])
    both = phrases()["joined"][0].format(first=first.text, second=dice.choice(texts_of(beside)).text) if beside else first.text
    return replace(first, text=both)


def _of_weak_area(call: Call, customers: Sequence[CustomerRecord], dice: Random) -> Call:
    """Let some calls about weak supply come from the transformer areas of `history_weak.csv`, at the hours of its rows (需求侧)."""
    for row in _rows_of("weak"):
        there = [one for one in customers if one.transformer_area == row["transformer_area"]]
        if row["topic"] == call.about.topic and there and dice.random() < float(row["share"]):
            hour = dice.randint(int(row["first_hour"]), int(row["last_hour"]))
            return replace(call, customer=dice.choice(there), at=in_shanghai(call.at).replace(hour=hour) - timedelta(days=1))
    return call


def _again(calls: Sequence[Call], place: int, dice: Random) -> Call:
    """Let some calls be one before once more; what is told stays as it is."""
    call, earlier = calls[place], calls[max(0, place - 30) : place]
    if dice.random() > AGAIN or not earlier or call.stops_at or call.storm:
        return call
    first = dice.choice(earlier)
    return replace(call, customer=first.customer, about=dice.choice(texts_of(first.about.topic)))


def _days(today: date) -> list[date]:
    months = today.year * 12 + today.month - 1 - MONTHS
    first = date(months // 12, months % 12 + 1, 1)
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


def _focus(day: date, now: datetime) -> float:
    months = in_shanghai(now).year * 12 + in_shanghai(now).month - day.year * 12 - day.month
    return FOCUS if months % 12 in (0, 1) else 1.0


def _about(at: datetime, dice: Random) -> Text:
    season = SEASONS.get(in_shanghai(at).month)
    shares = {row["topic"]: float(row["share"]) * (float(row[season]) if season else 1.0) for row in _rows_of("topics")}
    return dice.choice(texts_of(_pick(shares, dice)))


@lru_cache
def _rows_of(name: str) -> list[dict[str, str]]:
    return rows(name)


@lru_cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows("times"):
        found.setdefault(row["kind"], {})[row["value"]] = float(row["weight"])
    return found


def _pick(weights: Mapping[str, float], dice: Random) -> str:
    return dice.choices(tuple(weights), tuple(weights.values()))[0]


def _moment(day: date, hour: int, dice: Random) -> datetime:
    return datetime.combine(day, time(hour, dice.randrange(60), dice.randrange(60)), SHANGHAI)
