"""The command that looks for suspicious patterns (可疑情形) and reminds of audit tasks that are overdue: run every night by a timer."""

from datetime import timedelta

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from triage.audit_tasks import remind
from triage.moments import in_shanghai, read_day
from triage.suspicions import scan

WEEKS = timedelta(days=35)


@click.command("audit-scan")
@click.option("--since", default="", help="First day, e.g. 2026-11-01 (default: 35 days before the last).")
@click.option("--until", default="", help="Last day, included (default: today).")
@with_appcontext
@says_what_is_wrong
def audit_scan(since: str, until: str) -> None:
    """Look for suspicious patterns in a period and remind of overdue audit tasks; may run twice, and late."""
    now = moment()
    last = read_day(until, "until") if until else in_shanghai(now).date()
    first = read_day(since, "since") if since else last - WEEKS
    with open_store() as store:
        new = scan(first, last, store=store, rules=store.rules(), now=now)
        reminded = remind(store=store, now=now)
    click.echo(f"{new} new suspicions, {reminded} reminders")
