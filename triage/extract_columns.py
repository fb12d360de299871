"""The tables of an audit extract: each column with its type and, in Chinese, what it holds."""

from collections.abc import Mapping
from typing import Any

from triage.wording import say

CODED = say("code, whose name is in the table of that name")
Columns = Mapping[str, tuple[type[Any], str]]

TABLES: Mapping[str, Columns] = {
    "period": {
        "first_on": (str, say("First day of the period (Beijing time)")),
        "last_on": (str, say("Last day of the period, inclusive")),
        "today_on": (str, say("Day of the extract; metrics judged only after their observation period count up to this day")),
        "unit_code": (str, say("Unit extracted, with the units below it; empty for all")),
        "made_at": (str, say("Time of the extract (Beijing time); all numbers are as of this time")),
        "product": (str, say("What made the extract")),
    },
    "tickets": {
        "id": (int, say("Row number within this file")),
        "number": (str, say("Ticket number")),
        "received_at": (str, say("Time of intake (Beijing time)")),
        "closed_at": (str, say("Time of closing (Beijing time), empty if not closed")),
        "state": (str, say("Code of the state")),
        "level": (str, say("Level: special, major, important, ordinary")),
        "demand_type": (str, say("Demand type: {coded} (demand_types)", coded=CODED)),
        "topic": (str, say("Topic: {coded} (topics)", coded=CODED)),
        "department": (str, say("Responsible department: {coded} (departments)", coded=CODED)),
        "unit_code": (str, say("Handling or supply unit: {coded} (units)", coded=CODED)),
        "channel": (str, say("Code of the intake channel")),
        "locality": (str, say("Locality: urban, rural, remote")),
        "is_confidential": (int, say("1 if the ticket is confidential: its texts are not extracted")),
        "is_exempt": (int, say("1 if exempt by approval and not counted in rates")),
        "is_malicious": (int, say("1 if the demand is malicious")),
        "returns": (int, say("Number of returns")),
        "reopenings": (int, say("Number of times reopened")),
        "chases": (int, say("Number of chases")),
        "attempts": (int, say("Number of callbacks not answered")),
        "extensions": (int, say("Number of extensions")),
        "finding": (str, say("Finding: upheld, partly upheld (partly), not upheld (not_upheld)")),
        "satisfaction": (str, say("Code of the callback rating")),
        "text": (str, say("Intake text, masked; empty for confidential tickets")),
        "reply": (str, say("Reply, masked; empty for confidential tickets")),
        "words": (str, say("Words cut from the masked intake text, separated by spaces; the full-text search tickets_fts uses them")),
    },
    "steps": {
        "ticket_number": (str, say("Ticket number")),
        "step": (str, say("Code of the step")),
        "watch": (str, say("Clock: customer, department, helper (co-handling)")),
        "department": (str, say("Responsible department: {coded} (departments)", coded=CODED)),
        "unit_code": (str, say("Unit: {coded} (units)", coded=CODED)),
        "is_by_machine": (int, say("1 if completed automatically")),
        "limit_text": (str, say("Wording of the limit")),
        "started_at": (str, say("Start of the clock (Beijing time)")),
        "due_at": (str, say("Due time (Beijing time)")),
        "ended_at": (str, say("Time of completion (Beijing time), empty if not completed")),
        "voided_at": (str, say("Time of voiding (Beijing time); voided ones are not counted")),
        "is_confirmed": (int, say("0 if reckoned with a calendar not yet published")),
        "used_seconds": (int, say("Seconds used as its limit counts, without pauses; empty if not completed, or completed before this was kept")),
    },
    "facts": {
        "ticket_number": (str, say("Ticket number")),
        "measure": (str, say("What is counted, such as due.customer.resolve: the resolve step of the customer clock fell due; see parts")),
        "day_on": (str, say("Day it happened or fell due (Beijing time); for metrics with an observation period, days before the period too")),
        "unit_code": (str, say("Unit: {coded} (units)", coded=CODED)),
        "department": (str, say("Department: {coded} (departments)", coded=CODED)),
        "topic": (str, say("Topic: {coded} (topics)", coded=CODED)),
        "demand_type": (str, say("Demand type: {coded} (demand_types)", coded=CODED)),
        "channel": (str, say("Code of the intake channel")),
        "trait": (
            str,
            say("Trait, depending on measure: machine or person for dispatches, bands of durations, return reasons, rating codes and so on"),
        ),
        "n": (int, "1"),
        "met": (int, say("1 if achieved (counted in the numerator)")),
        "amount": (float, say("Another number to sum: 1 for not completed, seconds for durations")),
    },
    "parts": {
        "metric": (str, say("Code of the metric (metrics)")),
        "watch": (str, say("Clock; empty if not by clock")),
        "step": (str, say("Step; empty if not by step")),
        "side": (str, say("n denominator, k numerator")),
        "measure": (str, say("Which kind of facts to count")),
        "met": (str, say("Count only those with met 1 (yes) or 0 (no); empty to count all")),
    },
    "classes": {
        "class": (str, say("Band of durations, as in the trait of facts")),
        "low_seconds": (float, say("Over how many seconds")),
        "high_seconds": (float, say("Up to how many seconds, inclusive; the last band has no end and is drawn up to this")),
    },
    "index_rules": {
        "line": (str, say("Code of the line of the service index")),
        "name": (str, say("Name of the line")),
        "points": (float, say("Points of one case; for lines that are shares, of the whole share")),
        "target": (float, say("Share below which points are taken; empty if there is none")),
        "rule": (str, say("How the points are computed")),
    },
    "index_cases": {
        "line": (str, say("Code of the line of the service index")),
        "day_on": (str, say("Day of the event, or day on which the record was found untrue (Beijing time)")),
        "unit_code": (str, say("Unit: {coded} (units)", coded=CODED)),
        "ticket_number": (str, say("Ticket number")),
        "is_revoked": (int, say("1 if the event was revoked and takes no points")),
    },
    "units": {
        "code": (str, say("Code of the unit")),
        "name": (str, say("Name of the unit")),
        "kind": (str, say("Tier of the unit")),
        "parent_code": (str, say("Code of the unit above")),
    },
    "topics": {
        "code": (str, say("Code of the topic")),
        "name": (str, say("Name of the topic")),
        "lead_department": (str, say("Lead department: {coded} (departments)", coded=CODED)),
    },
    "departments": {"code": (str, say("Code of the department")), "name": (str, say("Name of the department"))},
    "demand_types": {"code": (str, say("Code of the demand type")), "name": (str, say("Name of the demand type"))},
    "metrics": {
        "code": (str, say("Code of the metric")),
        "name": (str, say("Name of the metric")),
        "maturity_days": (int, say("Observation period: days after which a matter is judged")),
        "definition": (str, say("Definition of the metric")),
    },
    "columns": {"table_name": (str, say("Table or view")), "column_name": (str, say("Column")), "meaning": (str, say("What this column is"))},
}
RATE = {
    "metric": say("Code of the metric (metrics)"),
    "watch": say("Clock; empty if not by clock"),
    "step": say("Step; empty if not by step"),
    "k": say("Numerator"),
    "n": say("Denominator"),
    "rate": say("Rate, 0–1"),
}
# Of the time by the clock on the wall (durations), and of the time as the limits count (worked).
DURATION = {
    "watch_and_step": say("Clock and step"),
    "n": say("Number of steps completed"),
    "mean_seconds": say("Mean duration (seconds)"),
    "median_seconds": say("Median (seconds), interpolated within its band"),
    "p90_seconds": say("90th percentile (seconds), interpolated within its band"),
}
VIEWS: Mapping[str, Mapping[str, str]] = {
    "rates": RATE,
    "rates_by_unit": {**RATE, "unit_code": say("Unit that the matter belongs to (without units below): {coded} (units)", coded=CODED)},
    "duration_bands": {
        "took": say("duration: by the clock on the wall; worked: as the limits count"),
        "watch_and_step": say("Clock and step"),
        "low_seconds": say("Over how many seconds"),
        "high_seconds": say("Up to how many seconds, inclusive; the last band has no end and is drawn up to this"),
        "many": say("Number of steps in this band"),
        "seconds": say("Their seconds in all"),
        "total": say("Number of steps in all bands"),
        "up_to": say("Number of steps in this band and the shorter ones"),
    },
    "durations": DURATION,
    "worked": DURATION,
    "service_index_lines": {
        "line": say("Code of the line of the service index (index_rules)"),
        "cases": say("Cases; for lines that are shares, the numerator"),
        "of_n": say("Denominator; empty if the line is no share"),
        "points": say("Points given, or taken (negative)"),
    },
    "service_index": {"points": say("Service index: the sum of its lines"), "handled": say("Business handled")},
    "excluded": {"why": say("Why it is not counted in rates: merged, withdrawn, or exempt by approval"), "n": say("Number of tickets")},
}
