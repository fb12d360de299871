"""Commands that set the product up: schema, demo organisation, calendar, users, tokens."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, operator, says_what_is_wrong
from routes.commands.past import make_past
from routes.request import parts
from triage.demo import fill_demo, make_demo
from triage.demo_history import HOW_MANY
from triage.demo_shifts import make_rota
from triage.mergers import merge_units
from triage.migrate import migrate as apply_migrations
from triage.moments import read_day
from triage.people import User
from triage.personnel import add_person, add_token, renew_password, revoke_token, switch_person
from triage.reference import load_calendar, load_reference
from triage.terms import Role
from triage.wording import say


@click.command()
@with_appcontext
@says_what_is_wrong
def migrate() -> None:
    """Bring the database to this version's schema and load data/ (rows that a person edited stay)."""
    before, after = apply_migrations(parts().database.url)
    with open_store() as store:
        changed = load_reference(store, moment())
    click.echo(f"schema {before or 'empty'} -> {after}; {changed} rows of reference data changed")


@click.command()
@click.option("--history", type=click.IntRange(min=0), metavar="N", help=f"Calls of its past; 0: none. Default: {HOW_MANY}, none beside tickets.")
@with_appcontext
@says_what_is_wrong
def demo(history: int | None) -> None:
    """Make the demo organisation once, with a year of invented tickets; passwords are printed now and never again."""
    with open_store() as store:
        made = make_demo(store, moment())
        customers = fill_demo(store, moment())
        show_passwords(made)
        if customers:
            click.echo(say("{customers} invented customers added", customers=customers))
        of_the_past = make_past(store, history)
        show_passwords(of_the_past)
        shifts = make_rota(store, moment())
        if shifts:
            click.echo(say("{shifts} shifts of the crews planned", shifts=shifts))
    if not made and not customers and not of_the_past and not shifts:
        click.echo("the demo organisation is there already; nothing changed (a new password: flask users password NAME)")


def show_passwords(made: list[tuple[User, str]]) -> None:
    """Print who was made with their passwords, which are kept nowhere else."""
    if made:
        click.echo(say("Demo users (passwords are shown only this once):"))
    for user, password in made:
        click.echo(f"  {user.username:<16} {password}   {user.role.label} {user.name}")


@click.group()
def calendar() -> None:
    """Show and extend the working calendar (调休 included)."""


@calendar.command("show")
@with_appcontext
@says_what_is_wrong
def calendar_show() -> None:
    """List the announced years with their source."""
    with open_store() as store:
        for row in store.calendar_years():
            click.echo(f"{row['year']}  {row['basis']}  {row['source']}")


@calendar.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--year", type=click.IntRange(2000, 2100), required=True)
@click.option("--source", required=True, help="The State Council's notice, e.g. its number.")
@with_appcontext
@says_what_is_wrong
def calendar_load(file: Path, year: int, source: str) -> None:
    """Load a year's holidays and make-up days from CSV (date,is_working,name) and compute open tickets again."""
    with open_store() as store:
        changed = load_calendar(store, file.read_text(encoding="utf-8-sig"), year=year, source=source, actor="command", now=moment())
    click.echo(f"{year} loaded; the deadlines of {changed} open tickets changed")


@click.group()
def users() -> None:
    """List users, add one, give a new password, let in or keep out."""


@users.command("list")
@with_appcontext
@says_what_is_wrong
def users_list() -> None:
    """List all users."""
    with open_store() as store:
        for row in store.users():
            state = "" if row["is_active"] else "  (off)"
            click.echo(f"{row['username']:<20} {row['role']:<11} {row['unit_code']:<10} {row['department_code']:<14} {row['name']}{state}")


@users.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--unit", required=True, help="Code of the supply unit.")
@click.option("--department", default="", help="Code of the department, for handlers.")
@with_appcontext
@says_what_is_wrong
def users_add(username: str, name: str, role: str, unit: str, department: str) -> None:
    """Add a user; the password is printed once."""
    values = {"username": username, "name": name, "role": role, "unit": unit, "department": department}
    with open_store() as store:
        user, password = add_person(values, store=store, actor=operator(), now=moment())
    click.echo(f"{user.username}  {password}")


@users.command("password")
@click.argument("username")
@with_appcontext
@says_what_is_wrong
def users_password(username: str) -> None:
    """Give a user a new password, printed once; open sessions end."""
    with open_store() as store:
        password = renew_password(username, store=store, actor=operator(), now=moment())
    click.echo(f"{username}  {password}")


@users.command("switch")
@click.argument("username")
@click.argument("state", type=click.Choice(["on", "off"]))
@with_appcontext
@says_what_is_wrong
def users_switch(username: str, state: str) -> None:
    """Let a user in (on) or keep the user out at once, with all sessions and API tokens (off)."""
    with open_store() as store:
        switch_person(username, state == "on", store=store, actor=operator(), now=moment())
    click.echo(f"{username} is {state}")


@click.group()
def tokens() -> None:
    """Make, list and revoke API tokens."""


@tokens.command("add")
@click.argument("username")
@click.option("--label", required=True, help="What the token is for.")
@with_appcontext
@says_what_is_wrong
def tokens_add(username: str, label: str) -> None:
    """Make a token for a user; it is printed once."""
    with open_store() as store:
        token = add_token(username, label, store=store, actor=operator(), now=moment())
    click.echo(token)


@tokens.command("list")
@with_appcontext
@says_what_is_wrong
def tokens_list() -> None:
    """List tokens, without what they are."""
    with open_store() as store:
        for row in store.tokens():
            state = f"revoked {row['revoked_at']:%Y-%m-%d}" if row["revoked_at"] else "valid"
            click.echo(f"{row['username']:<20} {row['label']:<24} {state}")


@tokens.command("revoke")
@click.argument("username")
@click.option("--label", required=True)
@with_appcontext
@says_what_is_wrong
def tokens_revoke(username: str, label: str) -> None:
    """Revoke a user's tokens of a label."""
    with open_store() as store:
        click.echo(f"{revoke_token(username, label, store=store, actor=operator(), now=moment())} revoked")


@click.group()
def units() -> None:
    """Change the supply units."""


@units.command("merge")
@click.argument("old")
@click.argument("new")
@click.option("--on", "merged_on", required=True, metavar="DATE", help="Day of the merger, today or before, as 2026-11-23.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only say what would move.")
@with_appcontext
@says_what_is_wrong
def units_merge(old: str, new: str, merged_on: str, is_dry_run: bool) -> None:
    """Merge unit OLD into NEW: what is open moves, what is closed keeps its history (单位合并)."""
    day = read_day(merged_on, "on")
    with open_store() as store:
        moved = merge_units(old, new, day, store=store, now=moment(), actor="command", is_dry_run=is_dry_run)
    for name, count in moved.items():
        click.echo(f"{name:<14} {count}")
    click.echo(f"nothing was changed; without --dry-run {old} goes into {new}" if is_dry_run else f"{old} went into {new} on {day}")
