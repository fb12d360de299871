"""What the board shows as JSON: figures with their intervals and changes, each with the address of the list behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from routes.api import show
from routes.board import View, kind_name
from routes.request import store, user
from triage import metrics
from triage.board import Compared, Point
from triage.figures import Change, Figure, Opens
from triage.metrics import Durations
from triage.quality_events import READERS
from triage.sign_off import SignOff
from triage.terms import Channel, Level, State, Step

ROUNDED = 6


@dataclass(frozen=True)
class Names:
    """The names that figures are shown with: of metrics, of units, and the kind that they are broken down by."""

    metrics: Mapping[str, str]
    units: Mapping[str, str]
    dimension: str = ""


def names(dimension: str = "") -> Names:
    """Read the names once for an answer."""
    return Names({code: row["name"] for code, row in store().metric_rows().items()}, show.unit_names(), dimension)


def head(view: View, *codes: str) -> dict[str, Any]:
    """Say what was counted, and in which words each of these metrics is defined."""
    reading = view.reading
    return {
        "since": reading.first_on.isoformat(),
        "until": reading.last_on.isoformat(),
        **show.row("unit_code", view.unit, show.unit_names()),
        **show.term("watch", view.watch),
        "is_stale": store().figures_are_stale(),
        "covers_today": reading.last_on >= reading.today,
        "definitions": {code: metrics.definition(code) for code in codes},
    }


def address(opens: Opens) -> str:
    """Give where exactly the facts of a number are listed."""
    given = {"since": opens.first_on, "until": opens.last_on, "unit": opens.unit_code, "met": opens.met, "by": opens.dimension, "value": opens.value}
    values: dict[str, Any] = {name: str(value) for name, value in given.items() if value}
    return url_for("api.board_facts", measures=",".join(opens.measures), **values)


def cases(behind: metrics.Behind | None) -> dict[str, str]:
    """Give where the cases of a deduction are listed; nothing for another line, or a role that does not read them."""
    if behind is None or user().role not in READERS:
        return {}
    given: dict[str, Any] = {"since": behind.first_on.isoformat(), "until": behind.last_on.isoformat(), "unit": behind.unit_code or None}
    if behind.kind == "untrue":
        return {"list": url_for("api.list_untrue_records", **given)}
    return {"list": url_for("api.list_quality_events", kind=behind.kind, valid="yes", **given)}


def counts(one: Figure | None) -> dict[str, Any] | None:
    """A share: `k` of `n`, the rate (null where there is nothing to judge) and its 95 % interval, 0–1."""
    if one is None:
        return None
    rate, interval = one.rate, one.interval
    return {
        "k": one.k,
        "n": one.n,
        "rate": None if rate is None else round(rate, ROUNDED),
        "interval": [round(bound, ROUNDED) for bound in interval] if interval else None,
    }


def figure(one: Figure, known: Names) -> dict[str, Any]:
    """A figure with what it is of, and the addresses of the lists of what it counts."""
    return {
        **show.row("metric", one.metric, known.metrics),
        **show.read_term("step", Step, one.step),
        **show.row("unit_code", one.unit_code, known.units),
        **(value_of(known.dimension, one.value) if known.dimension else {}),
        **(counts(one) or {}),
        "list_of_n": address(one.of_n),
        "list_of_k": address(one.of_k),
    }


def value_of(dimension: str, value: str) -> dict[str, str]:
    """A kind as its code, its name beside it."""
    return {"value": value, "value_label": kind_name(dimension, value)}


def change(one: Change | None) -> dict[str, Any] | None:
    """A change in points (百分点) with its 95 % interval; beyond noise where that leaves out 0."""
    if one is None:
        return None
    return {"points": round(one.points, 4), "interval": [round(one.low, 4), round(one.high, 4)], "is_beyond_noise": one.is_news}


def compared(one: Compared, known: Names) -> dict[str, Any]:
    """A figure beside those of the period before and of the same days last year."""
    return {
        **figure(one.figure, known),
        "before": counts(one.before),
        "last_year": counts(one.last_year),
        "since_before": change(one.since_before),
        "since_last_year": change(one.since_last_year),
    }


def point(one: Point, known: Names) -> dict[str, Any]:
    """A point of the control chart: a day, week or month (`span`), its days, and its limits (null: too few cases to be judged)."""
    limits = one.limits
    return {
        "span": one.span,
        "first_on": one.figure.of_n.first_on.isoformat(),
        "last_on": one.figure.of_n.last_on.isoformat(),
        **figure(one.figure, known),
        "limits": {name: round(getattr(limits, name), ROUNDED) for name in ("centre", "low", "high")} if limits else None,
        "is_beyond_limits": one.is_news,
    }


def durations(some: Iterable[Durations]) -> list[dict[str, Any]]:
    """How long steps took, in seconds; of the last class the upper bound is drawn, it has none."""
    return [
        {
            **show.read_term("step", Step, one.step),
            "n": one.n,
            "median_seconds": one.quantile(0.5),
            "p90_seconds": one.quantile(0.9),
            "mean_seconds": one.mean,
            "classes": [{"up_to_seconds": bound, "n": count} for bound, count in one.classes if count],
            "list": address(one.of_n),
        }
        for one in some
    ]


def fact(row: Mapping[Any, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """A fact that a figure counts."""
    return {
        "ticket": row["ticket_number"],
        "measure": row["measure"],
        "happened_at": show.moment(row["happened_at"]),
        **show.row("unit_code", row["unit_code"], units),
        **show.about(row["topic"], row["demand_type"], row["department"]),
        **show.read_term("channel", Channel, row["channel"]),
        **show.read_term("state", State, row["state"]),
        **show.read_term("level", Level, row["level"]),
        "trait": row["trait"],
        "is_met": bool(row["met"]),
    }


def sign_off(one: SignOff, units: Mapping[str, str]) -> dict[str, Any]:
    """A signed period."""
    return {
        "id": one.id,
        **show.row("unit_code", one.unit_code, units),
        "first_on": one.first_on.isoformat(),
        "last_on": one.last_on.isoformat(),
        "signed_by": one.signed_by,
        "signed_at": show.moment(one.signed_at),
        "note": one.note,
    }
