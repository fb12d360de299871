"""The agent's form: reading what was typed, what of it is sent, and what a customer's record can fill in."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from routes.request import version_seen
from triage.customers import CustomerRecord
from triage.errors import InvalidInput, Problem
from triage.texts import clean
from triage.wording import say

HANDLINGS = {"answer": (say("Answer at once"), say("Reply text")), "owner": (say("Refer"), say("Responsible party"))}
LINKS = {"chase": "reason", "supplement": "supplement"}
CALLER = (
    "channel",
    "caller_name",
    "phone",
    "customer_number",
    "address",
    "unit_code",
    "locality",
    "relation",
    "callback_phone",
    "call_id",
    "recording",
    "submission_key",
)
FORMAL = ("channel", "relation", "submission_key")  # always there, so that they say nothing of whether somebody has begun to write
MOST = 10


def empty() -> dict[str, Any]:
    """Give the values of a form that nobody has written into."""
    return {"submission_key": uuid4().hex, "complaints": [{}]}


def read_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Give the form's values as typed: the caller's, and one mapping a complaint."""
    count = min(max(len([name for name in form if name.startswith("text-")]), 1), MOST)
    names = ("text", "topic", "demand_type", "mode", "answer", "owner")
    complaints = [{name: form.get(f"{name}-{index}", "") for name in names} for index in range(count)]
    return {**{name: form.get(name, "") for name in CALLER}, "is_confidential": bool(form.get("is_confidential")), "complaints": complaints}


def is_begun(values: Mapping[str, Any]) -> bool:
    """Whether there is anything in a form that somebody would miss."""
    caller = any(values[name].strip() for name in CALLER if name not in FORMAL)
    return caller or any(value.strip() for complaint in values["complaints"] for value in complaint.values())


def sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the contact that a form says: only what the chosen way of handling needs is sent."""
    complaints = []
    for item in values["complaints"]:
        complaint = {name: item.get(name, "") for name in ("text", "topic", "demand_type")}
        mode = item.get("mode")
        if mode in ("answer", "owner"):
            complaint[mode] = item.get(mode, "")
        complaints.append(complaint)
    return {**{name: values[name] for name in CALLER if values.get(name)}, "is_confidential": values["is_confidential"], "complaints": complaints}


def check_handlings(complaints: list[dict[str, str]]) -> None:
    """See that what is written fits the chosen way of handling, so that no answer is lost and none is missing.

    Raises:
        InvalidInput: an answer or a responsible party is missing, or written although the complaint would go out.
    """
    problems = []
    for index, item in enumerate(complaints):
        for mode, (handling, name) in HANDLINGS.items():
            written = bool(item.get(mode, "").strip())
            if item.get("mode") == mode and not written:
                problems.append(Problem(f"complaints.{index}.{mode}", say("{field}: required, please fill it in", field=name)))
            elif written and item.get("mode") != mode:
                problems.append(
                    Problem(
                        f"complaints.{index}.{mode}",
                        say("“{name}” is filled in; change the handling to “{handling}”, or clear “{name}”", name=name, handling=handling),
                    )
                )
    if problems:
        raise InvalidInput(*problems)


def read_link(value: str) -> tuple[str, int, str, int]:
    """Read which complaint belongs to which ticket, and how: `chase:0:2026112300000001:3`.

    Raises:
        InvalidInput: it is not of that form.
    """
    move, index, number, version = [*clean(value).split(":"), "", "", "", ""][:4]
    if move not in LINKS or not (index.isascii() and index.isdigit() and len(index) < 3):
        raise InvalidInput(Problem("link", say("Choose the ticket to link from those listed")))
    return move, int(index), number, version_seen(version)


def words_of(values: Mapping[str, Any], index: int, move: str) -> str:
    """Give what is written to the ticket: the caller's words, and with a supplement where to reach who has called, who may be another customer.

    Raises:
        InvalidInput: nothing is written of what the caller says.
    """
    text, phone = values["complaints"][index]["text"].strip(), (values["callback_phone"] or values["phone"]).strip()
    if not text:
        raise InvalidInput(Problem(f"complaints.{index}.text", say("Write down what the customer says now, then chase or supplement the ticket")))
    return say("{text}\nCaller's phone: {phone}", text=text, phone=phone) if move == "supplement" and phone and phone not in text else text


def fillings(customer: CustomerRecord, query: str) -> dict[str, str]:
    """Give what the form can take from a record; the phone is that which was looked up: somebody may call from another one."""
    digits = query.replace(" ", "").replace("-", "").removeprefix("+86")
    phone = digits if digits.isdigit() and digits != customer.number else customer.phone
    return {
        "customer_number": customer.number,
        "phone": phone,
        "caller_name": customer.name,
        "address": customer.address,
        "unit_code": customer.unit_code,
        "locality": customer.locality.value if customer.locality else "",
    }
