"""Files of customers, and of how many customers a unit has: each row is checked whole, then kept new, brought up to date, or known already."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import normalize

from triage.calls import Taken
from triage.customers import CustomerRecord
from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai, read_day
from triage.terms import Locality, Supply, Term
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

CUSTOMER_FIELDS = {
    "number": say("Customer number"),
    "name": say("Account name"),
    "phone": say("Phone"),
    "address": say("Address"),
    "unit_code": say("Supply unit"),
    "locality": say("Urban or rural class"),
    "transformer_area": say("Transformer area"),
    "key_kind": say("Key customer class"),
    "supply": say("Supply state"),
    "supply_since_on": say("State since"),
}
CUSTOMER_NEEDED = ("number", "name", "address", "unit_code")
COUNT_FIELDS = {
    "unit_code": say("Supply unit"),
    "as_of_on": say("Date of the count"),
    "customers": say("Number of customers"),
    "source": say("Source"),
}
COUNT_NEEDED = ("unit_code", "as_of_on", "customers")
T = TypeVar("T", bound=Term)
LONGEST = 200
MOST_CUSTOMERS = 1_000_000_000
BLANK = CustomerRecord("", "", "", "", "", None, "", "")


@dataclass(frozen=True)
class UnitCount:
    """How many customers a unit has on a day, and where that was said."""

    unit_code: str
    as_of_on: date
    customers: int
    source: str = ""


def units_by_word(store: "Store") -> dict[str, str]:
    """Give for each word that a file may name a unit by (its code, or its name) the unit that stands for it today; a merged one leads to its heir."""
    units = store.units()
    heirs = {row["code"]: store.unit_now(row["code"]) if row["merged_into_code"] else row["code"] for row in units}
    names = Counter(row["name"] for row in units)
    return {row["name"]: heirs[row["code"]] for row in units if names[row["name"]] == 1} | heirs


def read_customer(values: Mapping[str, str], units: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Read what a row says of a customer, under the names of `CustomerRecord`; of columns that the file lacks nothing is said.

    Raises:
        InvalidInput: a value is missing or badly formed; all problems at once, each named by its column.
    """
    problems: list[Problem] = []
    texts = _texts(values, CUSTOMER_FIELDS, CUSTOMER_NEEDED, problems)
    read: dict[str, Any] = {
        # An empty cell says nothing of supply: it must not give power back on paper to whom it was cut off.
        **{name: text for name, text in texts.items() if text or name not in ("supply", "supply_since_on")},
        "number": _number(texts["number"], problems),
        "unit_code": _unit(texts["unit_code"], units, problems),
    }
    if "phone" in texts:
        read["phone"] = _phone(texts["phone"], problems)
    if "locality" in texts:
        read["locality"] = _term(Locality, "locality", texts["locality"], problems)
    if "supply" in read:
        read["supply"] = _term(Supply, "supply", texts["supply"], problems)
    if "supply_since_on" in read:
        read["supply_since_on"] = _day("supply_since_on", CUSTOMER_FIELDS, texts["supply_since_on"], now, problems)
    if problems:
        raise InvalidInput(*problems)
    return read


def read_count(values: Mapping[str, str], units: Mapping[str, str], now: datetime) -> UnitCount:
    """Read how many customers a row says that a unit has.

    Raises:
        InvalidInput: a value is missing or badly formed; all problems at once, each named by its column.
    """
    problems: list[Problem] = []
    texts = _texts(values, COUNT_FIELDS, COUNT_NEEDED, problems)
    unit = _unit(texts["unit_code"], units, problems)
    day = _day("as_of_on", COUNT_FIELDS, texts["as_of_on"], now, problems)
    digits = normalize("NFKC", texts["customers"]).replace(",", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) <= MOST_CUSTOMERS
    if texts["customers"] and not is_number:
        problems.append(
            Problem(
                "customers",
                say(
                    "Number of customers: “{text}” is not a whole number between 0 and 1 billion; enter a number such as 412000",
                    text=texts["customers"][:20],
                ),
            )
        )
    if problems or day is None:
        raise InvalidInput(*problems)
    return UnitCount(unit, day, int(digits), texts.get("source", ""))


def take_customers(rows: Sequence[Mapping[str, Any]], file_name: str, *, store: "Store", actor: str, now: datetime) -> Counter[Taken]:
    """Keep what rows of `read_customer` say, in one transaction with the entry of who did it, and give what became of them.

    What a row says nothing about stays as it was; where supply changes and no date is told, the old date goes.
    """
    with store.writing():
        known = store.customers_of([row["number"] for row in rows])
        records = [_joined(known.get(row["number"]), row) for row in rows]
        counts = Counter(_taken(known.get(one.number), one) for one in records)
        store.keep_customers(records, now)
        store.keep_import("customers", file_name, {taken.value: number for taken, number in counts.items()}, actor=actor, now=now)
    return counts


def take_counts(rows: Sequence[UnitCount], file_name: str, *, store: "Store", actor: str, now: datetime) -> Counter[Taken]:
    """Keep how many customers the units have, in one transaction with the entry of who did it, and give what became of the rows."""
    counts: Counter[Taken] = Counter()
    with store.writing():
        for one in rows:
            counts[_taken(store.unit_count(one.unit_code, one.as_of_on), (one.customers, one.source))] += 1
            store.keep_unit_count(one.unit_code, one.as_of_on, one.customers, one.source, now)
        store.keep_import("unit_customers", file_name, {taken.value: number for taken, number in counts.items()}, actor=actor, now=now)
    return counts


def _joined(known: CustomerRecord | None, said: Mapping[str, Any]) -> CustomerRecord:
    joined = replace(known or BLANK, **said)
    if known and joined.supply is not known.supply and "supply_since_on" not in said:
        return replace(joined, supply_since_on=None)
    return joined


def _taken(before: object, after: object) -> Taken:
    return Taken.ADDED if before is None else Taken.SAME if before == after else Taken.CHANGED


def _texts(values: Mapping[str, str], fields: Mapping[str, str], needed: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    """Give the texts of the columns that are there, and of those that have to be."""
    texts = {name: clean(values.get(name) or "").strip() for name in fields if name in values or name in needed}
    problems += [Problem(name, say("{field}: required, please fill it in", field=fields[name])) for name in needed if not texts[name]]
    problems += [
        Problem(name, say("{field}: at most {most} characters; shorten it", field=fields[name], most=LONGEST))
        for name, text in texts.items()
        if len(text) > LONGEST
    ]
    return texts


def _number(text: str, problems: list[Problem]) -> str:
    digits = text.replace(" ", "")
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) in (10, 13)):
        problems.append(
            Problem(
                "number",
                say(
                    "Customer number: “{text}” is not 10 or 13 digits; check it (a spreadsheet may have dropped the "
                    "leading 0 or switched to scientific notation)",
                    text=text[:20],
                ),
            )
        )
    return digits


def _phone(text: str, problems: list[Problem]) -> str:
    digits = text.replace("-", "").replace(" ", "").removeprefix("+86")
    if digits and not (digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15):
        problems.append(
            Problem(
                "phone",
                say("Phone: must be 5 to 15 digits, with an area code if needed; leave empty if there is none; keep only one if there are several"),
            )
        )
    return digits


def _unit(text: str, units: Mapping[str, str], problems: list[Problem]) -> str:
    if text and text not in units:
        problems.append(
            Problem("unit_code", say("Supply unit: there is no “{text}”; enter this system's code of the unit or its full name", text=text[:30]))
        )
    return units.get(text, "")


def _term(kind: type[T], name: str, text: str, problems: list[Problem]) -> T | None:
    found = next((one for one in kind if text in (one.value, one.label)), None)
    if text and found is None:
        known = say(", ").join(say("{label} ({value})", label=one.label, value=one.value) for one in kind)
        problems.append(
            Problem(name, say("{field}: there is no “{text}”; enter {options}", field=CUSTOMER_FIELDS[name], text=text[:20], options=known))
        )
    return found


def _day(name: str, fields: Mapping[str, str], text: str, now: datetime, problems: list[Problem]) -> date | None:
    """Read a day that is not yet to come; a sheet may write midnight behind it."""
    if not text:
        return None
    try:
        day = read_day(text.removesuffix("00:00:00"), name)
    except InvalidInput as error:
        problems.append(Problem(name, say("{field}: {problem}", field=fields[name], problem=error.message)))
        return None
    if day > in_shanghai(now).date():
        problems.append(Problem(name, say("{field}: {day} is still to come; check the date", field=fields[name], day=day)))
    return day
