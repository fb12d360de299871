"""What quality staff did in the demo's past: surveys, a sample partly scored, suspicions, tasks for departments, a signed month."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from triage.audit_tasks import answer_task, close_task, give_task, leaders_of
from triage.customer_files import UnitCount, take_counts, units_by_word
from triage.demo_calls import phrases, rows
from triage.demo_office import Office
from triage.moments import in_shanghai, start_of
from triage.people import User
from triage.samples import Sample, draw
from triage.scorecards import assess, items
from triage.sign_off import sign
from triage.surveys import read_survey, take_surveys
from triage.suspicions import decide, scan
from triage.terms import Role, Verdict

SAMPLE_SIZE, FEWEST, SEED = 30, 15, 95598  # FEWEST: with less to draw from there is no sample; it is more than there are strata
BOTH, ONE = 10, 8  # tickets of the sample with both cards, and with one
GIVEN = (1.0, 1.0, 1.0, 0.9, 0.8, 0.5)  # shares of an item's points
ALIKE = 0.9  # how often an auditor gives an item what there is to be seen
DAY = timedelta(days=1)


def quality_work(office: Office, dice: Random) -> None:
    """Do what the auditors of the demo did up to now, by the product's own functions; a sample only where last month has enough to draw from."""
    auditors = [user for user in office.people if user.role is Role.AUDITOR]
    first, last = last_month(office.now)
    _take_surveys(office)
    _take_counts(office)
    scan(first, in_shanghai(office.now).date(), store=office.store, rules=office.rules, now=office.now)
    _judge(auditors[0], office)
    period = {"unit_code": auditors[0].unit_code, "first_on": first.isoformat(), "last_on": last.isoformat()}
    if len(office.store.sample_frame(auditors[0].unit_code, start_of(first), start_of(last + DAY))) >= FEWEST:
        values = {**period, "name": phrases()["sample_name"][0], "size": f"{SAMPLE_SIZE}", "seed": f"{SEED}"}
        sample = draw(values, user=auditors[0], store=office.store, now=office.now)
        _score(sample, auditors, office, dice)
        _give_tasks(sample, auditors[0], office)
    sign({**period, "note": phrases()["sign_note"][0]}, user=auditors[0], store=office.store, now=office.now)


def last_month(now: datetime) -> tuple[date, date]:
    """Give the first and the last day of the month before this one."""
    last = in_shanghai(now).date().replace(day=1) - DAY
    return last.replace(day=1), last


def _take_surveys(office: Office) -> None:
    units = units_by_word(office.store)
    today = in_shanghai(office.now).date()
    found = []
    for row in rows("surveys"):
        year = today.year - int(row.pop("years_ago")) - (date(today.year, *_month_day(row["last_day"])) > today)
        days = {name: f"{year}-{row.pop(key)}" for name, key in (("first_on", "first_day"), ("last_on", "last_day"))}
        found.append(read_survey({**row, **days}, units, office.now))
    take_surveys(found, "history_surveys.csv", store=office.store, actor="command", now=office.now)


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _take_counts(office: Office) -> None:
    year, heirs = in_shanghai(office.now).year, units_by_word(office.store)
    found = [
        UnitCount(row["unit_code"], date(year - int(row["years_ago"]), 1, 1), int(row["customers"]), row["source"])
        for row in rows("unit_customers")
        if heirs[row["unit_code"]] == row["unit_code"]
    ]
    take_counts(found, "history_unit_customers.csv", store=office.store, actor="command", now=office.now)


def _score(sample: Sample, auditors: Sequence[User], office: Office, dice: Random) -> None:
    """Score some tickets of the sample twice and some once, so that there is something to see and something to do."""
    for n, drawn in enumerate(office.store.sample_tickets(sample.id)[: BOTH + ONE]):
        seen = {row["code"]: dice.choice(GIVEN) for row in items(office.store)}  # what there is to be seen; two auditors see mostly the same
        for auditor in auditors[: 2 if n < BOTH else 1]:
            shares = {code: share if dice.random() < ALIKE else dice.choice(GIVEN) for code, share in seen.items()}
            points = {row["code"]: f"{round(row['points'] * shares[row['code']]):d}" for row in items(office.store)}
            note = dice.choice(phrases()["card_note"])
            assess(sample.id, drawn.ticket_number, {**points, "note": note}, user=auditor, store=office.store, now=office.now)


def _judge(auditor: User, office: Office) -> None:
    """Decide every third suspicion."""
    for n, one in enumerate(office.store.suspicions("", [""])[1::3]):
        decide(one.id, (Verdict.CONFIRMED if n % 2 else Verdict.REFUSED).value, user=auditor, store=office.store, now=office.now)


def _give_tasks(sample: Sample, auditor: User, office: Office) -> None:
    """Give three tasks: one that waits for its answer, one that waits for the auditor, one that is closed."""
    store, now = office.store, office.now
    for n, (text, drawn) in enumerate(zip(phrases()["task"], store.sample_tickets(sample.id), strict=False)):
        ticket = store.ticket(drawn.ticket_number)
        values = {"ticket_number": ticket.number, "team": f"{ticket.team_unit}/{ticket.department}", "text": text, "days": "5"}
        task = give_task(values, user=auditor, store=store, rules=office.rules, now=now)
        leader = next((user for user in office.people if user.username in leaders_of(task, store)), None)
        if n and leader:
            task = answer_task(task.id, {"answer": phrases()["task_answer"][0]}, version=task.version, user=leader, store=store, now=now)
        if n > 1 and leader:
            close_task(task.id, version=task.version, user=auditor, store=store, now=now)
