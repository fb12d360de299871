"""Administration of the reference tables: their rows listed, searched, added and edited; a row put out of use or taken out on a page of its own."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, store
from routes.web.admin import confirmation, is_confirmed
from routes.web.admin_tables import LISTS, NAMES, OURS, Names, names_in, rows_with, several_of, shown, title_of, told_edits, written
from routes.web.blueprint import blueprint
from triage.changes import first_day, key_columns, open_columns, plan_add, plan_edit, plan_remove
from triage.checks import GROWING, HINTS, LABELS, choices_of
from triage.errors import InvalidInput, NotFound
from triage.limits import SCOPE
from triage.reference import add_row, edit_row, preview_change, remove_row, shown_rows
from triage.store.reference import MOST_COUNTED, Change
from triage.terms import Role
from triage.wording import say


@blueprint.get("/admin/reference/<table>")
def reference(table: str) -> ResponseReturnValue:
    """List a table's rows, or those with what is looked for, with the basis of each, and its latest edits."""
    require(Role.ADMIN)
    rows, query = shown_rows(store(), table), request.args.get("query", "")
    names = names_in(store(), table)
    return render_template(
        "pages/reference.html",
        table=table,
        name=NAMES[table],
        columns=LABELS,
        all_rows=rows,
        rows=rows_with(rows, names, query),
        query=query,
        shown=partial(shown, names=names),
        title=partial(title_of, table, names=names),
        keys=key_columns(table),
        grows=table in GROWING,
        trail=told_edits(store().reference_trail(table), table, names),
    )


@blueprint.route("/admin/reference/<table>/row", methods=["GET", "POST"])
def reference_row(table: str) -> ResponseReturnValue:
    """Show a row to be edited, and keep the edit once what it does to the open tickets has been seen."""
    who = require(Role.ADMIN)
    key, row = asked_row(table)
    values = {name: written(value) for name, value in row.items() if name not in (*key, *OURS, "is_on")}
    if table == "time_limits":
        values = {name: value for name, value in values.items() if name not in SCOPE} | {"valid_from_on": str(first_day(row, now()))}
    if "address" in values:
        values["address"] = ""
    if request.method == "GET":
        return form(table, values, row)
    values = sent(values)
    plan, keep = partial(plan_edit, store(), table, key, values, now()), partial(edit_row, store(), table, key, values)
    return keep_or_show(table, values, row, plan, partial(keep, actor=who.username, now=now()))


@blueprint.route("/admin/reference/<table>/new", methods=["GET", "POST"])
def new_row(table: str) -> ResponseReturnValue:
    """Show an empty row to be filled in, and add it once what it does to the open tickets has been seen."""
    who = require(Role.ADMIN)
    if table not in GROWING:
        raise NotFound(say("There is no reference table “{table}” to which rows can be added", table=table))
    values = {name: "inferred" if name == "basis" else "" for name in open_columns(table)}
    if request.method == "GET":
        return form(table, values, None)
    values = sent(values)
    keep = partial(add_row, store(), table, values, actor=who.username, now=now())
    return keep_or_show(table, values, None, partial(plan_add, store(), table, values), keep)


@blueprint.route("/admin/reference/<table>/remove", methods=["GET", "POST"])
def retire_row(table: str) -> ResponseReturnValue:
    """Say what follows if a row is put out of use (停用) or taken out (删除), and do it at the second press."""
    who = require(Role.ADMIN)
    key, row = asked_row(table)
    act = request.form.get("act", "")
    plan, keep = partial(plan_remove, store(), table, key), partial(remove_row, store(), table, key)
    if act in ("on", "off") and "is_on" in row:
        keep = partial(edit_row, store(), table, key, {"is_on": "1" if act == "on" else "0"})
    elif request.method == "POST" and act != "remove":
        raise NotFound(say("There is no such row; choose one from the table"))
    if request.method == "GET" or not is_confirmed():
        return consequences(table, key, row, plan)
    try:
        changed = keep(actor=who.username, now=now())
    except InvalidInput as wrong:
        return consequences(table, key, row, plan), status_of(wrong)
    return saved(table, changed)


def asked_row(table: str) -> tuple[dict[str, str], Mapping[str, Any]]:
    """Give the key that the address names and its row.

    Raises:
        NotFound: there is no such table or row.
    """
    key = {name: request.args.get(name, "") for name in key_columns(table)}
    row = next((r for r in shown_rows(store(), table) if all(str(r[name]) == key[name] for name in key)), None)
    if row is None:
        raise NotFound(say("There is no such row; choose one from the table"))
    return key, row


def sent(values: Mapping[str, str]) -> dict[str, str]:
    """Give what the form sent for these columns; several ticked codes of one column as one text."""
    return {name: ";".join(request.form.getlist(name)) for name in values}


def consequences(table: str, key: dict[str, str], row: Mapping[str, Any], plan: Callable[[], Change]) -> str:
    """Show what holds on to a row and what happens to the open tickets without it; where it cannot be taken out, why, and what to do instead."""
    seen, refused = None, None
    try:
        seen = preview_change(store(), plan(), now()) if table in GROWING else None
    except InvalidInput as wrong:
        refused = wrong
    return render_template(
        "pages/reference_remove.html",
        table=table,
        name=NAMES[table],
        title=title_of(table, row, names_in(store(), table)),
        row=row,
        uses=store().use_counts(table, row),
        most=MOST_COUNTED,
        seen=seen,
        refused=refused,
        version=store().reference_version(),
        again=request.method == "POST",
        back=url_for("pages.reference_row", table=table, _anchor=None, _method=None, _scheme=None, _external=None, **key),
    )


def keep_or_show(
    table: str, values: dict[str, str], row: Mapping[str, Any] | None, plan: Callable[[], Change], keep: Callable[[], int]
) -> ResponseReturnValue:
    """Keep a change that moves no open ticket, or that was confirmed; else show what it would do, or what is wrong."""
    try:
        seen = preview_change(store(), plan(), now())
        if seen.moved and not is_confirmed():
            return confirmation(NAMES[table], seen, request.full_path, url_for("pages.reference", table=table))
        changed = keep()
    except InvalidInput as wrong:
        return form(table, values, row, wrong), status_of(wrong)
    return saved(table, changed)


def saved(table: str, changed: int) -> ResponseReturnValue:
    """Go back to the table, and say how many open tickets have other deadlines now."""
    recomputed = say(", and the limits of {changed} open tickets were worked out again", changed=changed) if changed else ""
    flash(say("Saved{recomputed}", recomputed=recomputed))
    return redirect(url_for("pages.reference", table=table), 303)


def form(table: str, values: dict[str, str], row: Mapping[str, Any] | None, error: InvalidInput | None = None) -> str:
    """Show the fields of a row with what was typed and what is wrong; of a row that is there also what stays as it is, and its edits."""
    names = names_in(store(), table)
    return render_template(
        "pages/reference_row.html",
        table=table,
        name=NAMES[table],
        title=title_of(table, row, names) if row else "",
        columns=LABELS,
        hints={name: hint for name, hint in HINTS.get(table, {}).items() if name not in LISTS},
        options={name: options for name in values if (options := choices_of(store(), table, name)) and name not in LISTS},
        several={name: ticked_first(several_of(store(), name), values[name]) for name in values if name in LISTS},
        fixed=fixed_of(table, values, row, names) if row else {},
        values=values,
        row=row,
        key={name: row[name] for name in key_columns(table)} if row else {},
        edits=told_edits(store().reference_trail(table), table, names, row) if row else [],
        error=error,
        removable=bool(row) and (table in GROWING or "is_on" in (row or {})),
        action=request.full_path,
        back=url_for("pages.reference", table=table),
    )


def ticked_first(options: Mapping[str, str], value: str) -> dict[str, str]:
    """Give what may be ticked, the ticked ones first in the order in which they stand, so that saving does not change it."""
    ticked = [code for code in value.split(";") if code]
    return {code: options.get(code, code) for code in (*ticked, *options)}


def fixed_of(table: str, values: Mapping[str, str], row: Mapping[str, Any], names: Names) -> dict[str, tuple[str, str]]:
    """Give what of a row cannot be changed, column by column: as a person reads it, and the code where that is another."""
    fixed = [name for name in row if name not in (*values, *OURS, "is_on")]
    told = {name: (shown(name, row[name], names), str(row[name] or "")) for name in fixed}
    return {name: (text, code if code != text and code.strip("*") else "") for name, (text, code) in told.items() if text}
