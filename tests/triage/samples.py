"""What the tests of `triage/` are made from: moments on Shanghai's clock, contacts, and a model that says what it is told."""

from datetime import UTC, datetime
from typing import Any

from triage.complaint import Contact, Context, read_contact
from triage.moments import SHANGHAI
from triage.people import User
from triage.prediction import Prediction
from triage.terms import Role

SECRET = b"secret of the tests"
LIUHE = "青溪县柳河镇柳河村3组"
CITY = "临江市城区柳荫路12号"


def shanghai(text: str) -> datetime:
    """2026-11-23 10:00 on the clock of Shanghai, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


NOW = shanghai("2026-11-23 10:00")  # a Monday


def contact(*complaints: str | dict[str, str], **values: Any) -> Contact:
    """A call with one complaint a text (or a complaint's fields)."""
    return read_contact({"complaints": [c if isinstance(c, dict) else {"text": c} for c in complaints], **values})


def prediction(topic: str = "outage.fault.single", demand_type: str = "fault", sure: float = 0.95, **topics: float) -> Prediction:
    """What a model says that is this sure of the topic, and has no doubt of the demand type."""
    rest = tuple((label.replace("__", "."), p) for label, p in topics.items()) or (("other.general", 1 - sure),)
    kinds = ((demand_type, 1.0), ("praise", 0.0))
    return Prediction(((topic, sure), *rest), kinds, {"topic": (("停电", 1.5), ("不", -0.5))}, "fake-1", 0.8)


class Says:
    """A model that says the same of every text; None: there is no model."""

    def __init__(self, said: Prediction | None) -> None:
        self.said = said

    def __call__(self, text: str) -> Prediction | None:
        return self.said


def nobody(**values: Any) -> Context:
    """A caller of whom nothing is known, in an organisation of one unit with a repair and a billing team, and a parent with all."""
    parents = {"33": None, "3301": "33", "330101": "3301"}
    teams = frozenset({("330101", "repair"), ("330101", "billing"), *(("3301", d) for d in ("repair", "billing", "discipline", "metering"))})
    return Context(**{"customer": None, "area_unit": "", "area_locality": None, "earlier": (), "parents": parents, "teams": teams, **values})


def user(role: Role, unit_code: str = "33", department: str = "") -> User:
    """Somebody of a role."""
    return User(f"a-{role.value}", role.label, role, unit_code, department)
