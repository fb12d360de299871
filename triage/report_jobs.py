"""Reports that are made beside (`report_jobs`): asked for by a person whose page need not wait, or due by a schedule and failed, with the reason.

A job is a row that is committed before anybody is answered: `flask sweep` makes what was asked for, and whatever is cut off is taken up again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from triage.errors import NotFound
from triage.people import User
from triage.samples import LARGEST_SEED
from triage.terms import ReportKind
from triage.wording import say

if TYPE_CHECKING:
    from triage.report import Period
    from triage.store import Store

ASKED, MAKING, MADE, FAILED = "asked", "making", "made", "failed"
UNDER_WAY = (ASKED, MAKING)
SCHEDULE = ""  # who asked, where it was the schedule
CUT_OFF = timedelta(minutes=5)  # inferred: longer than a report takes; one that is still being made then is taken up again
TRY_AGAIN = timedelta(hours=1)  # inferred: a scheduled report that failed is tried again after so long
KEPT = timedelta(days=1)  # inferred: for so long a person can fetch what they asked for
KEPT_FAILURES = timedelta(days=7)


@dataclass(frozen=True)
class Job:
    """A report that was asked for: which, by whom and when, how it stands (`ASKED` … `FAILED`) since when, and why it failed."""

    id: int
    kind: str
    unit_code: str
    first_on: date
    format: str
    asked_by: str
    asked_at: datetime
    state: str
    changed_at: datetime
    why: str
    name: str


def ask(period: "Period", unit_code: str, format: str, *, user: User, store: "Store", now: datetime) -> Job:
    """Keep that a user wants a report as a file; one that waits or is being made already is not asked for twice, one that ended is made anew."""
    key = _key(period, unit_code, format, user.username)
    with store.writing():
        store.ask_for_report(key, now)
        job = store.report_job_with(**key)
    if job is None:
        raise NotFound(say("This file is gone; ask for it again on the report's page"))
    return job


def job_of(id: int, *, user: User, store: "Store") -> Job:
    """Give a job to who asked for it.

    Raises:
        NotFound: there is none of that number, it was somebody else's, or it is gone by now.
    """
    job = store.report_job(id) if 0 < id <= LARGEST_SEED else None
    if job is None or job.asked_by != user.username:
        raise NotFound(say("This file is gone; ask for it again on the report's page"))
    return job


def take(store: "Store", now: datetime) -> Job | None:
    """Take the next job that waits, or that was cut off, for the caller alone; None: nothing waits."""
    for job in store.waiting_report_jobs(now - CUT_OFF):
        if store.take_report_job(job, now):
            return job
    return None


def failed(period: "Period", unit_code: str, format: str, why: str, *, store: "Store", now: datetime) -> None:
    """Keep why a scheduled report could not be made."""
    store.keep_report_failure(_key(period, unit_code, format, SCHEDULE), why, now)


def done(period: "Period", unit_code: str, format: str, *, store: "Store") -> None:
    """Forget that a scheduled report could not be made: it could."""
    store.forget_report_failure(_key(period, unit_code, format, SCHEDULE))


def may_try(period: "Period", unit_code: str, format: str, *, store: "Store", now: datetime) -> bool:
    """Whether a scheduled report may be tried: it has not failed within the last hour."""
    job = store.report_job_with(**_key(period, unit_code, format, SCHEDULE))
    return job is None or job.changed_at <= now - TRY_AGAIN


def _key(period: "Period", unit_code: str, format: str, asked_by: str) -> dict[str, str | date]:
    kind = ReportKind(period.kind).value
    return {"kind": kind, "unit_code": unit_code, "first_on": period.first_on, "format": format, "asked_by": asked_by}
