"""Administration: reference tables with their basis, edited row by row, and the working calendar."""

from collections.abc import Callable
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from triage.changes import first_day, key_columns, open_columns, plan_add, plan_edit, plan_remove
from triage.checks import GROWING, HINTS, LABELS, choices_of
from triage.errors import InvalidInput, NotFound, Problem
from triage.limits import SCOPE, Preview
from triage.reference import add_row, edit_row, load_calendar, preview_calendar, preview_change, remove_row, shown_rows
from triage.store.reference import BOOKKEEPING, Change
from triage.terms import Role

NAMES = {
    "departments": "部门",
    "demand_types": "诉求类型",
    "topics": "主题表",
    "routing": "派单例外",
    "time_limits": "时限",
    "attention": "关注规则",
    "attention_words": "关注规则的词表",
    "attention_patterns": "关注规则的词式",
    "metrics": "指标",
    "switches": "开关与参数",
    "fixed_holidays": "固定假日",
    "office_hours": "单位办公时段",
    "unit_days": "单位自定工作日与休息日",
    "pause_kinds": "暂停计时原因",
    "extension_rules": "延期规则",
    "return_reasons": "退单原因",
    "exemption_reasons": "剔除原因",
    "escalations": "升级规则",
    "outlets": "外发渠道",
    "reply_templates": "答复模板",
    "referral_advice": "转告话术",
    "suspicion_rules": "可疑情形规则",
    "scorecard_items": "质检评分项",
    "report_schedules": "定期报告",
}
SHOWN = 50  # clocks of a preview, at most
OURS = ("id", *BOOKKEEPING)


@blueprint.get("/admin")
def admin() -> ResponseReturnValue:
    """Show what can be administered."""
    require(Role.ADMIN)
    return overview()


@blueprint.post("/admin/calendar")
def calendar() -> ResponseReturnValue:
    """Load an announced year, once what that does to the open tickets has been seen; they are computed again."""
    who = require(Role.ADMIN)
    days, year, source = (request.form.get(name, "") for name in ("days", "year", "source"))
    try:
        if not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2100):
            raise InvalidInput(Problem("year", f"年份“{year}”不对，请写四位数字"))
        seen = preview_calendar(store(), days, year=int(year), source=source, now=now())
        if seen.moved and not is_confirmed():
            return confirmation(f"{year} 年日历", seen, url_for("pages.calendar"), url_for("pages.admin"))
        changed = load_calendar(store(), days, year=int(year), source=source, actor=who.username, now=now())
    except InvalidInput as error:
        return overview(error), status_of(error)
    flash(f"{year} 年日历已载入，重新推算了 {changed} 张在办工单的时限")
    return redirect(url_for("pages.admin"), 303)


def is_confirmed() -> bool:
    """Whether the user has seen what a change does, and nobody has changed the tables since."""
    return request.form.get("confirmed") == str(store().reference_version())


def confirmation(what: str, seen: Preview, action: str, back: str) -> str:
    """Show what a change would do to the open tickets, with what was sent, to be sent again as confirmed."""
    sent = {name: value for name, value in request.form.items() if name not in ("csrf_token", "confirmed")}
    version = store().reference_version()
    return render_template(
        "pages/reference_row.html",
        name=what,
        seen=seen,
        most=SHOWN,
        action=action,
        back=back,
        values=sent,
        version=version,
        again="confirmed" in request.form,
    )


def overview(error: InvalidInput | None = None) -> str:
    """Show the page with what was typed."""
    return render_template(
        "pages/admin.html",
        names=NAMES,
        years=store().calendar_years(),
        automatic=rules().is_automatic_dispatch_on,
        error=error,
        typed=request.form,
    )


@blueprint.get("/admin/reference/<table>")
def reference(table: str) -> ResponseReturnValue:
    """List a table with the basis of each row, and its latest edits."""
    require(Role.ADMIN)
    rows = shown_rows(store(), table)
    return render_template(
        "pages/reference.html",
        table=table,
        name=NAMES[table],
        columns=LABELS,
        rows=rows,
        keys=key_columns(table),
        grows=table in GROWING,
        trail=store().reference_trail(table),
    )


@blueprint.route("/admin/reference/<table>/row", methods=["GET", "POST"])
def reference_row(table: str) -> ResponseReturnValue:
    """Show a row to be edited, and keep the edit once what it does to the open tickets has been seen; or take the row out."""
    who = require(Role.ADMIN)
    key = {name: request.args.get(name, "") for name in key_columns(table)}
    row = next((r for r in shown_rows(store(), table) if all(str(r[name]) == key[name] for name in key)), None)
    if row is None:
        raise NotFound("没有这一行，请从表中选择")
    values = {name: written(value) for name, value in row.items() if name not in (*key, *OURS)}
    if table == "time_limits":
        values["valid_from_on"] = str(first_day(row, now()))
    if "address" in values:
        values["address"] = ""
    fixed = {name: values.pop(name) for name in SCOPE} if table == "time_limits" else key
    if request.method == "GET":
        return form(table, values, fixed)
    removes = "remove" in request.form
    values = values if removes else {name: request.form.get(name, "") for name in values}
    plan = partial(plan_remove, store(), table, key) if removes else partial(plan_edit, store(), table, key, values, now())
    keep = partial(remove_row, store(), table, key) if removes else partial(edit_row, store(), table, key, values)
    return keep_or_show(table, values, fixed, plan, partial(keep, actor=who.username, now=now()))


@blueprint.route("/admin/reference/<table>/new", methods=["GET", "POST"])
def new_row(table: str) -> ResponseReturnValue:
    """Show an empty row to be filled in, and add it once what it does to the open tickets has been seen."""
    who = require(Role.ADMIN)
    if table not in GROWING:
        raise NotFound(f"没有可以新增行的基础资料表“{table}”")
    values = {name: request.form.get(name, "inferred" if name == "basis" else "") for name in open_columns(table)}
    if request.method == "GET":
        return form(table, values, {})
    keep = partial(add_row, store(), table, values, actor=who.username, now=now())
    return keep_or_show(table, values, {}, partial(plan_add, store(), table, values), keep)


def written(value: object) -> str:
    """A value as it stands in a field."""
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def keep_or_show(
    table: str, values: dict[str, str], fixed: dict[str, str], plan: Callable[[], Change], keep: Callable[[], int]
) -> ResponseReturnValue:
    """Keep a change that moves no open ticket, or that was confirmed; else show what it would do, or what is wrong."""
    back = url_for("pages.reference", table=table)
    try:
        seen = preview_change(store(), plan(), now())
        if seen.moved and not is_confirmed():
            return confirmation(NAMES[table], seen, request.full_path, back)
        changed = keep()
    except InvalidInput as wrong:
        return form(table, values, fixed, wrong), status_of(wrong)
    flash(f"已保存{f'，重新推算了 {changed} 张在办工单的时限' if changed else ''}")
    return redirect(back, 303)


def form(table: str, values: dict[str, str], fixed: dict[str, str], error: InvalidInput | None = None) -> str:
    """Show the fields of a row with what was typed and what is wrong; `fixed` are those that stay as they are, none of a new row."""
    return render_template(
        "pages/reference_row.html",
        table=table,
        name=NAMES[table],
        columns=LABELS,
        hints=HINTS.get(table, {}),
        options={name: options for name in values if (options := choices_of(store(), table, name))},
        fixed=fixed,
        values=values,
        error=error,
        removable=bool(fixed) and table in GROWING,
        action=request.full_path,
        back=url_for("pages.reference", table=table),
    )
