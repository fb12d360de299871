"""Reports that are made beside: asked for, taken by one maker alone, made or failed; see `triage/report_jobs.py`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from triage.report_jobs import Job
from triage.store.base import Part
from triage.store.rollups import UNDER
from triage.store.sql import block

COLUMNS = "id, kind, unit_code, first_on, format, asked_by, asked_at, state, changed_at, why, name"
KEY = "asked_by = :asked_by AND kind = :kind AND unit_code = :unit_code AND first_on = :first_on AND format = :format"
ASK = block("""
    INSERT INTO report_jobs (kind, unit_code, first_on, format, asked_by, asked_at, state, changed_at)
    VALUES (:kind, :unit_code, :first_on, :format, :asked_by, :now, 'asked', :now)
    ON CONFLICT (asked_by, kind, unit_code, first_on, format) DO UPDATE
    SET state = 'asked', asked_at = excluded.asked_at, changed_at = excluded.changed_at, why = '', name = '', data = NULL
    WHERE report_jobs.state IN ('made', 'failed')""")
WITH_KEY = block(f"""
    SELECT {COLUMNS}
    FROM report_jobs
    WHERE {KEY}""")
ONE = block(f"""
    SELECT {COLUMNS}
    FROM report_jobs
    WHERE id = :id""")
DATA = block("""
    SELECT data
    FROM report_jobs
    WHERE id = :id AND state = 'made'""")
WAITING = block(f"""
    SELECT {COLUMNS}
    FROM report_jobs
    WHERE state = 'asked' OR (state = 'making' AND changed_at <= :since)
    ORDER BY asked_at, id""")
# Of two who want it, the second finds that its state or moment has changed.
TAKE = block("""
    UPDATE report_jobs
    SET state = 'making', changed_at = :now
    WHERE id = :id AND state = :state AND changed_at = :changed_at""")
FINISH = block("""
    UPDATE report_jobs
    SET state = 'made', changed_at = :now, name = :name, data = :data
    WHERE id = :id AND state = 'making'""")
FAIL = block("""
    UPDATE report_jobs
    SET state = 'failed', changed_at = :now, why = :why
    WHERE id = :id AND state = 'making'""")
FAILED = block("""
    INSERT INTO report_jobs (kind, unit_code, first_on, format, asked_by, asked_at, state, changed_at, why)
    VALUES (:kind, :unit_code, :first_on, :format, :asked_by, :now, 'failed', :now, :why)
    ON CONFLICT (asked_by, kind, unit_code, first_on, format) DO UPDATE
    SET state = 'failed', changed_at = excluded.changed_at, why = excluded.why""")
FORGET = block(f"""
    DELETE FROM report_jobs
    WHERE {KEY}""")
FAILURES = block(
    f"""
    WITH RECURSIVE {UNDER}
    SELECT {COLUMNS}
    FROM report_jobs
    WHERE asked_by = '' AND (:is_everything OR unit_code IN (SELECT code FROM under))
    ORDER BY first_on DESC, kind, unit_code, format""",
    "units",
)
PURGE = block("""
    DELETE FROM report_jobs
    WHERE state IN ('made', 'failed') AND changed_at < CASE WHEN asked_by = '' THEN :failed_at ELSE :since END""")


class ReportJobs(Part):
    """Keeps what became of reports that are made beside."""

    def ask_for_report(self, key: Mapping[str, str | date], now: datetime) -> None:
        """Let a report wait to be made, unless it waits or is being made already."""
        self.run(ASK, **key, now=now)

    def report_job_with(self, **key: str | date) -> Job | None:
        """Give the job of exactly this report and asker, if there is one."""
        row = self.row(WITH_KEY, **key)
        return Job(**row) if row else None

    def report_job(self, id: int) -> Job | None:
        """Give a job by its number, if there is one."""
        row = self.row(ONE, id=id)
        return Job(**row) if row else None

    def report_job_data(self, id: int) -> bytes | None:
        """Give the file of a job; None: it is not made, or not made yet."""
        row = self.row(DATA, id=id)
        return bytes(row["data"]) if row else None

    def waiting_report_jobs(self, since: datetime) -> list[Job]:
        """Give the jobs that wait, or that somebody took before a moment and never ended, the first asked first."""
        return [Job(**row) for row in self.rows(WAITING, since=since)]

    def take_report_job(self, job: Job, now: datetime) -> bool:
        """Take a job as it was read, and say whether nobody else had."""
        return self.run(TAKE, id=job.id, state=job.state, changed_at=job.changed_at, now=now) == 1

    def finish_report_job(self, id: int, name: str, data: bytes, now: datetime) -> None:
        """Keep the file of a job that was taken."""
        self.run(FINISH, id=id, name=name, data=data, now=now)

    def fail_report_job(self, id: int, why: str, now: datetime) -> None:
        """Keep why a job that was taken could not be done."""
        self.run(FAIL, id=id, why=why, now=now)

    def keep_report_failure(self, key: Mapping[str, str | date], why: str, now: datetime) -> None:
        """Keep why a scheduled report could not be made."""
        self.run(FAILED, **key, why=why, now=now)

    def forget_report_failure(self, key: Mapping[str, str | date]) -> None:
        """Take away what was kept of a scheduled report that has failed before."""
        self.run(FORGET, **key)

    def report_failures(self, unit_code: str) -> Sequence[Job]:
        """Give the scheduled reports of a unit and those below it (`''`: all) that could not be made."""
        return [Job(**row) for row in self.rows(FAILURES, units=(unit_code,), is_everything=not unit_code)]

    def purge_report_jobs(self, since: datetime, failures_since: datetime) -> int:
        """Take away what ended before a moment, and scheduled failures before another; give how many."""
        return self.run(PURGE, since=since, failed_at=failures_since)
