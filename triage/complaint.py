"""What comes in: a contact with one or more complaints; and what the store knows about the caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from triage.errors import InvalidInput, Problem
from triage.terms import Channel, Locality, Relation
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.outages import OutageContext

MAX_TEXT = 4000
FIELD_NAMES = {
    "text": say("Intake text"),
    "phone": say("Contact phone"),
    "relation": say("Caller's relation to the customer"),
    "callback_phone": say("Callback phone"),
    "call_id": say("Call ID"),
    "recording": say("Recording ID"),
    "caller_name": say("Customer name"),
    "customer_number": say("Customer number"),
    "address": say("Supply address"),
    "channel": say("Intake channel"),
    "unit_code": say("Supply unit"),
    "locality": say("Locality"),
    "complaints": say("Demands"),
    "topic": say("Topic"),
    "demand_type": say("Demand type"),
    "answer": say("Reply text"),
    "owner": say("Responsible party"),
    "submission_key": say("Submission number"),
}
MESSAGES = {
    "missing": say("Required, please fill in"),
    "string_too_short": say("Required, please fill in"),
    "too_short": say("At least one demand is needed"),
    "string_too_long": say("Too long: at most {max_length} characters; shorten it or split it into several demands"),
    "too_long": say("One call may register at most {max_length} demands"),
    "enum": say("Not one of the options; choose from {expected}"),
    "string_type": say("Must be text"),
    "list_type": say("Must be a list"),
    "bool_parsing": say("Must be true or false"),
    "bool_type": say("Must be true or false"),
    "model_type": say("Must be a group of fields"),
    "model_attributes_type": say("Must be a group of fields"),
    "extra_forbidden": say("There is no such field; check its name"),
}

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Complaint(BaseModel):
    """One grievance in the customer's words, and what the agent has said about it, if anything.

    `topic` and `demand_type` are a person's choice (both or neither); `answer` ends the ticket at once (办结即答), `owner` refers it (非供电责任).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text
    topic: Short = ""
    demand_type: Short = ""
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT)] = ""
    owner: Short = ""

    @model_validator(mode="after")
    def _whole(self) -> "Complaint":
        if bool(self.topic) != bool(self.demand_type):
            raise ValueError(say("Choose topic and demand type together, or leave both to the system"))
        if (self.answer or self.owner) and not self.topic:
            raise ValueError(say("Confirm topic and demand type first for a demand that is answered at once or referred"))
        if self.answer and self.owner:
            raise ValueError(say("Choose only one of answering at once and referring to the responsible party"))
        return self


class Contact(BaseModel):
    """One call or letter: who, how, and one to many complaints. `submission_key` makes sending it twice harmless.

    `relation` says for whom somebody calls; `callback_phone` is where the customer wants to be called back; `call_id` and `recording` lead to the
    call's record (话务记录).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    complaints: Annotated[tuple[Complaint, ...], Field(min_length=1, max_length=10)]
    channel: Channel = Channel.PHONE
    caller_name: Short = ""
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    customer_number: Short = ""
    address: Short = ""
    unit_code: Short = ""
    locality: Locality | None = None
    is_confidential: bool = False
    relation: Relation = Relation.SELF
    callback_phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    call_id: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    recording: Short = ""
    submission_key: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""

    @field_validator("phone", "callback_phone")
    @classmethod
    def _phone(cls, value: str) -> str:
        digits = value.replace("-", "").replace(" ", "").removeprefix("+86")
        if digits and not (digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15):
            raise ValueError(say("Must be 5 to 15 digits, with an area code if needed, such as 13800001234 or 0571-88880000"))
        return digits

    @field_validator("customer_number")
    @classmethod
    def _customer_number(cls, value: str) -> str:
        digits = value.replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) in (10, 13)):
            raise ValueError(say("The customer number must be 10 or 13 digits; see the top left of the electricity bill"))
        return digits

    @field_validator("locality", mode="before")
    @classmethod
    def _locality(cls, value: object) -> object:
        return value or None


def read_contact(values: Mapping[str, Any]) -> Contact:
    """Build a contact from what a form, the API or a file sent.

    Raises:
        InvalidInput: one problem a wrong field, in the user's words, with the field's place (`complaints.0.text`).
    """
    try:
        return Contact.model_validate(clean(dict(values)))
    except ValidationError as error:
        raise InvalidInput(*_problems(error)) from None


def _problems(error: ValidationError) -> Iterable[Problem]:
    items = error.errors(include_url=False, include_input=False)
    for item in items:
        if item["type"] == "too_short" and any(len(i["loc"]) > len(item["loc"]) for i in items if i["loc"][: len(item["loc"])] == item["loc"]):
            continue  # pydantic counts a wrong element as missing; it is there, and said to be wrong
        place = ".".join(str(part) for part in item["loc"])
        last = str(item["loc"][-1]) if item["loc"] else say("Content")
        name = FIELD_NAMES.get(last, last if last.isprintable() else say("(field name that cannot be shown)"))
        context = item.get("ctx", {})
        if item["type"] == "value_error":
            message = str(context.get("error", item["msg"]))
        else:
            message = say(
                "{field}: {problem}",
                field=name,
                problem=MESSAGES.get(item["type"], say("The format is wrong")).format_map({"max_length": "", "expected": "", **context}),
            )
        yield Problem(place, message)


@dataclass(frozen=True)
class Customer:
    """A customer's record as far as a decision needs it."""

    number: str
    unit_code: str
    locality: Locality | None
    key_kind: str


@dataclass(frozen=True)
class EarlierCall:
    """An earlier ticket of the same customer, phone number or address."""

    number: str
    topic: str | None
    received_at: datetime
    text: str = ""
    is_same_customer: bool = True
    is_same_phone: bool = False
    is_same_address: bool = False


@dataclass(frozen=True)
class Context:
    """What the store knows when a contact comes in: the customer, the supply unit by address, earlier calls, the units' teams, known outages."""

    customer: Customer | None
    area_unit: str
    area_locality: Locality | None
    earlier: tuple[EarlierCall, ...]
    parents: Mapping[str, str]
    teams: frozenset[tuple[str, str]]
    outages: "OutageContext | None" = None
