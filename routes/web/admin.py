"""Administration: reference tables with their basis, edited row by row, and the working calendar."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from triage.errors import InvalidInput, NotFound, Problem
from triage.reference import FILES, edit_row, key_columns, load_calendar
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
}
COLUMNS = {
    "id": "编号",
    "code": "代码",
    "name": "名称",
    "line": "专业",
    "handles": "职责",
    "handling": "处理方式",
    "cost_when_missed": "漏判代价",
    "definition": "定义",
    "signal": "识别特征",
    "level1_code": "一级代码",
    "level1": "一级",
    "level2_code": "二级代码",
    "level2": "二级",
    "level3": "三级",
    "lead_department": "牵头部门",
    "support_departments": "协同部门",
    "co_department": "协办部门",
    "not_this": "不属于",
    "demand_type": "诉求类型",
    "topic": "主题",
    "zone": "地域",
    "channel": "渠道",
    "step": "环节",
    "from_event": "起算",
    "amount": "时限",
    "unit": "单位",
    "clock": "时钟",
    "yellow_fraction": "预警比例",
    "is_pausable": "可暂停",
    "is_confidential": "保密",
    "is_negation": "否定式",
    "valid_from_on": "生效日",
    "valid_until_on": "失效日",
    "when": "条件",
    "effect": "作用",
    "level": "级别",
    "rule": "规则",
    "pattern": "词式",
    "words": "词",
    "numerator": "分子",
    "denominator": "分母",
    "value": "值",
    "month": "月",
    "day": "日",
    "note": "备注",
    "basis": "依据",
    "source": "来源",
}


@blueprint.get("/admin")
def admin() -> ResponseReturnValue:
    """Show what can be administered."""
    require(Role.ADMIN)
    return overview()


@blueprint.post("/admin/calendar")
def calendar() -> ResponseReturnValue:
    """Load an announced year; open tickets are computed again."""
    who = require(Role.ADMIN)
    year = request.form.get("year", "")
    try:
        if not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2100):
            raise InvalidInput(Problem("year", f"年份“{year}”不对，请写四位数字"))
        changed = load_calendar(
            store(), request.form.get("days", ""), year=int(year), source=request.form.get("source", ""), actor=who.username, now=now()
        )
    except InvalidInput as error:
        return overview(error), status_of(error)
    flash(f"{year} 年日历已载入，重新推算了 {changed} 张在办工单的时限")
    return redirect(url_for("pages.admin"), 303)


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
    rows = store().reference_rows(table)
    return render_template(
        "pages/reference.html",
        table=table,
        name=NAMES[table],
        columns=COLUMNS,
        rows=rows,
        keys=key_columns(table),
        trail=store().reference_trail(table),
    )


@blueprint.route("/admin/reference/<table>/row", methods=["GET", "POST"])
def reference_row(table: str) -> ResponseReturnValue:
    """Show a row to be edited, and keep the edit."""
    who = require(Role.ADMIN)
    if table not in FILES:
        raise NotFound(f"没有基础资料表“{table}”")
    keys = key_columns(table)
    key = {name: request.args.get(name, "") for name in keys}
    row = next((r for r in store().reference_rows(table) if all(str(r[name]) == key[name] for name in keys)), None)
    if row is None:
        raise NotFound("没有这一行，请从表中选择")
    values = {name: str(value) if value is not None else "" for name, value in row.items() if name not in (*keys, "edited_by", "edited_at")}
    error = None
    if request.method == "POST":
        values = {name: request.form.get(name, "") for name in values}
        try:
            changed = edit_row(store(), table, key, values, actor=who.username, now=now())
            flash(f"已保存{f'，重新推算了 {changed} 张在办工单的时限' if changed else ''}")
            return redirect(url_for("pages.reference", table=table), 303)
        except InvalidInput as wrong:
            error = wrong
    page = render_template("pages/reference_row.html", table=table, name=NAMES[table], columns=COLUMNS, key=key, values=values, error=error)
    return page, 422 if error else 200
