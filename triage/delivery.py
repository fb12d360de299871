"""Delivery of messages (外发): each is claimed, sent and kept as sent or failed, so that a sweep may run twice, late, or on two machines at once."""

import time as machine
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from triage.errors import InvalidInput, TriageError
from triage.mail import MAILBOX, SmtpOutlet
from triage.masking import mask_text
from triage.rules import Rules
from triage.sending import Message, Outlet, SendFailed
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))  # inferred: seventeen hours in all
CUT_OFF = timedelta(minutes=10)  # no sending takes so long: the sweep that claimed it is gone
TROUBLES = 3  # failures in a row after which an outlet rests until the next sweep
UNCLEAR = say("Unknown whether it was delivered: sending broke off midway. To avoid a duplicate it was not sent again; please ask the recipient")
REPEATED = say("Sending broke off midway; sent again under the same number (the receiver drops duplicates by number)")
Open = Callable[[str], Outlet]  # opens the outlet of an address


def said_of(error: Exception) -> str:
    """An error's message if it was made for people, else its kind: what a library says may hold anything."""
    return mask_text(error.message) if isinstance(error, TriageError) else type(error).__name__


def send_all(store: "Store", rules: Rules, now: datetime, outlets: Open, most: int, problems: list[str]) -> int:
    """Send what waits, outlet by outlet; one that fails several times in a row rests, for each failure may take its full time-out."""
    began, sent = machine.monotonic(), 0
    _settle_unclear(store, rules, now, problems)
    for code in store.waiting_outlets(now):
        troubles = 0
        for row in store.waiting_messages(code, now, most):
            # A slow outlet makes a sweep long: a claim bears the moment at which it is made.
            claimed_at = now + timedelta(seconds=machine.monotonic() - began)
            problem = _send(row, code, store, rules, outlets, claimed_at)
            sent += problem == ""
            if problem is not None:
                troubles = troubles + 1 if problem else 0
            if problem:
                problems.append(say("Message {key}: {problem}", key=row["key"], problem=problem))
            if troubles == TROUBLES:
                break
    return sent


def _send(row: RowMapping, code: str, store: "Store", rules: Rules, outlets: Open, claimed_at: datetime) -> str | None:
    """Claim a message and send it; give what went wrong, nothing if it was sent, None where somebody else has it."""
    try:
        if not store.claim_message(row["id"], claimed_at):
            return None
        return _deliver(row, code, store, rules, outlets, claimed_at)
    except Exception as error:  # whether it went out nobody knows: it stays claimed, see `_settle_unclear`
        return said_of(error)


def _deliver(row: RowMapping, code: str, store: "Store", rules: Rules, outlets: Open, claimed_at: datetime) -> str:
    """Send a claimed message and keep what became of it; give what went wrong, if anything."""
    try:
        outlet = _opened(code, rules, outlets)
        outlet.send(_message(row, outlet))
    except (SendFailed, InvalidInput) as error:  # InvalidInput: it has a key that no channel could carry
        is_over = isinstance(error, InvalidInput) or error.is_final or row["attempts"] >= len(RETRIES)
        retry_at = None if is_over else claimed_at + RETRIES[row["attempts"]]
        store.keep_failure(row["id"], claimed_at, said_of(error), claimed_at, retry_at=retry_at)
        return said_of(error)
    store.keep_sent(row["id"], claimed_at)
    return ""


def _opened(code: str, rules: Rules, outlets: Open) -> Outlet:
    row = rules.outlets.get(code)
    if row is None:
        raise SendFailed(say("There is no outgoing channel “{code}”", code=code), is_final=True)
    if not row.is_on:
        raise SendFailed(say("The outgoing channel “{name}” is switched off", name=row.name))
    try:
        return outlets(row.address)
    except InvalidInput as error:
        raise SendFailed(say("The address of the outgoing channel “{name}” is wrong: {error}", name=row.name, error=error.message)) from None


def _message(row: RowMapping, outlet: Outlet) -> Message:
    """What goes out: addressed to the username, which is named in the text too, for an outlet's address is that of a group.

    A username that is no mailbox gets its mail at the sender's own, the mailbox of those on duty.
    """
    recipient = row["recipient"]
    body = say("Recipient: {name} ({recipient})\n{body}", name=row["name"] or "", recipient=recipient, body=row["body"])
    if isinstance(outlet, SmtpOutlet) and not MAILBOX.fullmatch(recipient):
        recipient = outlet.sender
    return Message(row["key"], recipient, row["subject"], body, row["made_at"])


def drops_doubles(address: str) -> bool:
    """Say whether the far side drops a second message of the same key: a webhook does (Idempotency-Key)."""
    return address.strip().lower().startswith(("http://", "https://"))


def _settle_unclear(store: "Store", rules: Rules, now: datetime, problems: list[str]) -> None:
    """What was claimed and cut off is sent again where the far side drops doubles; else it is given up, for a person to ask."""
    for row in store.unclear_messages(now - CUT_OFF, now):
        outlet = rules.outlets.get(row["outlet"])
        may_repeat = outlet is not None and drops_doubles(outlet.address) and row["attempts"] <= len(RETRIES)
        store.keep_failure(row["id"], row["claimed_at"], REPEATED if may_repeat else UNCLEAR, now, retry_at=now if may_repeat else None)
        if not may_repeat:
            problems.append(say("Message {key}: {problem}", key=row["key"], problem=UNCLEAR))
