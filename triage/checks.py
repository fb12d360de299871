"""What a value of a reference row must be: its choices, what it refers to, its form; every refusal names the column and says how to mend it."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from triage.calendar import CLOCKS, parse_spans
from triage.clocks import UNITS
from triage.errors import InvalidInput, Problem
from triage.moves import MOVES
from triage.rules import LIST, expand
from triage.sending import open_outlet
from triage.store.reference import TABLES, typed
from triage.templates import check_template
from triage.terms import Channel, Level, Locality, ReportKind, Role, Step, Term
from triage.texts import clean

if TYPE_CHECKING:
    from triage.store import Store

LABELS = {
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
    "steps": "环节",
    "points": "满分",
    "place": "次序",
    "guidance": "评分说明",
    "kind": "种类",
    "formats": "格式",
    "recipients": "通知",
    "from_event": "起算",
    "amount": "时限",
    "unit": "单位",
    "clock": "时钟",
    "yellow_fraction": "预警比例",
    "is_pausable": "可暂停",
    "is_confidential": "保密",
    "is_negation": "否定式",
    "is_on": "启用",
    "is_working": "上班",
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
    "maturity_days": "观察期（天）",
    "value": "值",
    "month": "月",
    "day": "日",
    "cap_hours": "累计最长（小时）",
    "most_times": "最多次数",
    "most_amount": "每次最长",
    "granted_by": "审批人",
    "mark": "标志",
    "multiple": "倍数",
    "recipient": "通知谁",
    "outlet": "外发渠道",
    "address": "地址",
    "move": "操作",
    "text": "内容",
    "owner": "责任主体",
    "advice": "告知话术",
    "unit_code": "供电单位",
    "weekday": "星期",
    "spans": "办公时段",
    "day_on": "日期",
    "note": "备注",
    "basis": "依据",
    "source": "来源",
}
ANY = {"", "*"}
EVENTS = {
    "received": "受理",
    "dispatched": "派单",
    "accepted": "接单",
    "contacted": "联系客户",
    "arrived": "到达现场",
    "resolved": "办结回单",
    "reviewed": "审核通过",
    "called_back": "回访",
    "returned": "退单",
    "reopened": "重新办理",
    "extension_asked": "申请延期",
    "appealed": "申诉",
    "chased": "催办",
    "co_asked": "请求协办",
}
MARKS = {"yellow": "预警", "red": "超时", "multiple": "超时倍数"}
RECIPIENTS = {
    "assignee": "承办人",
    "team_leader": "班组负责人",
    "parent_leader": "上级负责人",
    "city_leader": "市公司负责人",
    "dispatcher": "派单员",
    "auditor": "质检",
}
AUDIT_UNITS = {"seconds": "秒", "minutes": "分钟", "times": "次", "grade": "评价等级"}
WEEKDAYS = {"0": "任何工作日", **{str(n): f"星期{name}" for n, name in enumerate("一二三四五六日", 1)}}


def labels(terms: Iterable[Term], **more: str) -> dict[str, str]:
    """Give terms as codes with their Chinese names."""
    return {**more, **{term.value: term.label for term in terms}}


EVERY = {"": "不限"}
BASES = {"corroborated": "多源印证", "single-source": "单一来源", "background": "行业常识，待核", "inferred": "本系统推定"}
CHOICES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("time_limits", "step"): labels(Step),
    ("time_limits", "from_event"): EVENTS,
    ("time_limits", "unit"): {code: name for code, (_, name) in UNITS.items()},
    ("time_limits", "clock"): CLOCKS,
    ("time_limits", "zone"): EVERY | {"*": "不限"} | labels(Locality),
    ("time_limits", "channel"): EVERY | {"*": "不限"} | labels(Channel),
    ("attention", "level"): EVERY | labels(Level),
    ("extension_rules", "unit"): {code: name for code, (_, name) in UNITS.items()},
    ("extension_rules", "granted_by"): labels((Role.DISPATCHER, Role.LEADER)),
    ("escalations", "step"): EVERY | labels(Step),
    ("escalations", "level"): EVERY | labels(Level),
    ("escalations", "mark"): MARKS,
    ("escalations", "recipient"): RECIPIENTS,
    ("reply_templates", "move"): {move.code: move.label for move in MOVES},
    ("office_hours", "weekday"): WEEKDAYS,
    ("suspicion_rules", "unit"): AUDIT_UNITS,
    ("report_schedules", "kind"): labels(ReportKind),
}
REFERS = {
    "lead_department": "departments",
    "co_department": "departments",
    "demand_type": "demand_types",
    "topic": "topics",
    "rule": "attention",
    "outlet": "outlets",
    "unit_code": "units",
}
REPORT_FORMATS = ("pdf", "xlsx", "html")
FREE = {("suspicion_rules", "rule")}  # columns that have the name of a reference, but hold words
MUST: Mapping[str, tuple[str, ...]] = {
    "topics": ("lead_department",),
    "routing": ("demand_type", "lead_department"),
    "attention_patterns": ("rule", "pattern"),
    "time_limits": ("demand_type", "step", "from_event", "amount", "unit", "clock", "yellow_fraction"),
    "fixed_holidays": ("month", "day", "name"),
    "return_reasons": ("code", "name"),
    "exemption_reasons": ("code", "name"),
    "pause_kinds": ("code", "name", "steps", "cap_hours"),
    "extension_rules": ("demand_type", "most_times", "most_amount", "unit", "granted_by"),
    "reply_templates": ("code", "name", "move", "text"),
    "referral_advice": ("code", "name", "owner", "words", "advice"),
    "escalations": ("code", "mark", "multiple", "recipient", "outlet"),
    "outlets": ("code", "name", "address"),
    "office_hours": ("unit_code", "weekday"),
    "unit_days": ("unit_code", "day_on", "is_working"),
    "suspicion_rules": ("name", "amount", "unit"),
    "scorecard_items": ("code", "name", "points", "place"),
    "report_schedules": ("code", "kind", "formats"),
}
STARRED = (("time_limits", "demand_type"), ("extension_rules", "demand_type"))
BETWEEN: Mapping[tuple[str, str], tuple[float, float, str]] = {
    ("time_limits", "amount"): (1e-6, 9999, "应为大于 0 的数"),
    ("time_limits", "yellow_fraction"): (1e-6, 1, "应在 0 与 1 之间"),
    ("pause_kinds", "cap_hours"): (1e-6, 8784, "应为大于 0 的小时数，最多 8784（一年）"),
    ("extension_rules", "most_times"): (0, 9, "应为 0–9 的次数，0 为不能延期"),
    ("extension_rules", "most_amount"): (0, 999, "应为 0–999 的数"),
    ("suspicion_rules", "amount"): (1, 9999, "应为 1–9999 的数"),
    ("scorecard_items", "points"): (0.5, 1000, "应为 0.5–1000 的分数"),
    ("scorecard_items", "place"): (0, 999, "应为 0–999 的次序"),
    ("escalations", "multiple"): (1, 99, "应为 1–99 的倍数"),
    ("fixed_holidays", "month"): (1, 12, "应为 1–12 的月份"),
    ("fixed_holidays", "day"): (1, 31, "应为 1–31 的日期"),
}
# What a person should know before filling in a field.
HINTS: Mapping[str, Mapping[str, str]] = {
    "time_limits": {
        "demand_type": "* 为任何类型",
        "yellow_fraction": "用去时限的几成时预警，如 0.7",
        "valid_from_on": "自这一天（含）起开始的环节按新值；之前开始的不变",
        "valid_until_on": "自这一天起不再适用；留空为一直有效",
    },
    "pause_kinds": {"steps": "哪些环节停表，用英文分号隔开，如 contact;resolve", "cap_hours": "一张工单上累计最多停多久"},
    "extension_rules": {"demand_type": "* 为其他任何类型"},
    "escalations": {"multiple": "标志为超时倍数时填 2、3…；否则填 1"},
    "outlets": {"address": "console:、file:文件、smtp://…、https://…#密钥；为保密不显示现有地址，留空即不改"},
    "reply_templates": {"text": "可写 {topic} 主题、{due} 时限、{unit} 单位、{department} 部门"},
    "referral_advice": {"words": "客户话里出现哪些词时提示，用 | 隔开"},
    "office_hours": {"spans": "如 08:30-12:00;14:00-17:30；单列的某一天留空为当天不办公", "weekday": "单列某一天时以那一天的为准"},
    "report_schedules": {
        "unit_code": "留空为最上级单位",
        "formats": "pdf、xlsx、html，几种用英文分号隔开",
        "recipients": "生成后通知谁：用户名，几个用英文分号隔开",
    },
    "unit_days": {"is_working": "1 上班，0 休息；以此为准，胜过全国日历"},
    "attention_patterns": {"pattern": "正则表达式；{词表名} 引用词表"},
}
GROWING = (
    "routing",
    "time_limits",
    "attention_patterns",
    "fixed_holidays",
    "return_reasons",
    "exemption_reasons",
    "pause_kinds",
    "extension_rules",
    "reply_templates",
    "referral_advice",
    "escalations",
    "outlets",
    "office_hours",
    "unit_days",
    "scorecard_items",
    "report_schedules",
)
# Codes that the product itself acts by.
FIXED = {("pause_kinds", "appointed"), ("pause_kinds", "callback_appointed"), ("extension_rules", "*"), ("outlets", "console")}
GOVERNS = ("time_limits", "fixed_holidays", "pause_kinds", "office_hours", "unit_days")  # what the open tickets' deadlines depend on
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
TIME = r"([01]\d|2[0-3]):[0-5]\d"
SWITCHES: Mapping[str, tuple[str, str]] = {
    "automatic_dispatch": (r"on|off", "请填 on 或 off"),
    "gate_threshold": (r"(0(\.\d{1,6})?|1(\.0{1,6})?)?", "请填 0–1 的小数，或留空用模型实测的门槛"),
    "repeat_window_days": (r"[1-9]\d{0,2}", "请填 1–999 的天数"),
    "callback_attempts": (r"[1-9]", "请填 1–9 的次数"),
    "callback_quiet_from": (TIME, "请填 00:00–23:59 的时刻，如 21:00"),
    "callback_quiet_until": (TIME, "请填 00:00–23:59 的时刻，如 08:00"),
    "callback_interval_minutes": (r"0|[1-9]\d{0,3}", "请填 0–9999 的分钟数"),
    "claim_minutes": (r"[1-9]\d{0,2}", "请填 1–999 的分钟数"),
    "appeal_days": (r"[1-9]\d{0,2}", "请填 1–999 的天数"),
    "frequent_outage_count": (r"[1-9]\d?", "请填 1–99 的次数"),
    "frequent_outage_days": (r"[1-9]\d{0,2}", "请填 1–999 的天数"),
    "outage_grace_minutes": (r"0|[1-9]\d{0,3}", "请填 0–9999 的分钟数"),
    "planned_repeat_days": (r"[1-9]\d{0,2}", "请填 1–999 的天数"),
    "quiet_warnings": (r"on|off", "请填 on 或 off"),
}


def label(name: str) -> str:
    """Give a column's Chinese name."""
    return LABELS.get(name, name)


def check_value(table: str, name: str, text: str) -> None:
    """Check one value by itself, as it was written.

    Raises:
        ValueError: it is not among the choices, out of range, or badly formed; says in Chinese what it should be.
    """
    allowed = BASES if name == "basis" else CHOICES.get((table, name))
    if allowed is not None and text not in allowed:
        raise ValueError(f"可选：{'、'.join(filter(None, allowed))}")
    between = BETWEEN.get((table, name))
    if between and not between[0] <= float(text) <= between[1]:
        raise ValueError(between[2])
    look = FORMS.get((table, name))
    if look and text:
        look(text)


def _pattern(text: str) -> None:
    expand(LIST.sub("词", text), {})


def _words(text: str) -> None:
    if LIST.search(text):
        raise ValueError("词表里不能再引用词表")
    expand(text, {})


def _steps(text: str) -> None:
    unknown = [step for step in text.split(";") if step not in list(Step)]
    if unknown:
        raise ValueError(f"没有环节“{'、'.join(unknown)}”，可选：{'、'.join(Step)}，几个用英文分号隔开")


def _trigger_words(text: str) -> None:
    if not all(word.strip() for word in text.split("|")):
        raise ValueError("有空的词，请写成 词一|词二")


def _address(text: str) -> None:
    try:
        open_outlet(text)
    except InvalidInput as error:
        raise ValueError(error.message) from None


def _formats(text: str) -> None:
    unknown = [one for one in text.split(";") if one not in REPORT_FORMATS]
    if unknown:
        raise ValueError(f"没有格式“{'、'.join(unknown)}”，可选：{'、'.join(REPORT_FORMATS)}，几种用英文分号隔开")


def _day(text: str) -> None:
    if not 2000 <= date.fromisoformat(text).year <= 2100:
        raise ValueError("应在 2000 与 2100 年之间")


FORMS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("attention_patterns", "pattern"): _pattern,
    ("attention_words", "words"): _words,
    ("pause_kinds", "steps"): _steps,
    ("reply_templates", "text"): check_template,
    ("referral_advice", "words"): _trigger_words,
    ("outlets", "address"): _address,
    ("office_hours", "spans"): parse_spans,
    ("unit_days", "day_on"): _day,
    ("report_schedules", "formats"): _formats,
    ("time_limits", "valid_from_on"): _day,
    ("time_limits", "valid_until_on"): _day,
}


def read_values(table: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Read what a form or a program sends as the columns' types.

    Raises:
        InvalidInput: there is no such column, one is missing, or is not what it should be; all problems at once.
    """
    read: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        text = clean(value).strip()
        if name not in TABLES[table].c:
            problems.append(Problem(name, f"没有列 {name}"))
        elif not text and name in MUST.get(table, ()):
            problems.append(Problem(name, f"{label(name)}：必填，请补上"))
        else:
            try:
                read[name] = typed(TABLES[table], name, text)
                check_value(table, name, text)
            except ValueError as error:
                problems.append(Problem(name, f"{label(name)}：{_quoted(name, text)}{error}"))
    if problems:
        raise InvalidInput(*problems)
    return read


def _quoted(name: str, text: str) -> str:
    """What was written, but never what may hold a secret."""
    return "" if name == "address" else f"“{text}”不对，" if len(text) < 40 else "内容不对，"


def check_row(store: "Store", table: str, row: Mapping[str, Any], changed: Iterable[str]) -> None:
    """Check a whole row as it would stand: what must be there, what its changed columns refer to, what its columns say together.

    Raises:
        InvalidInput: all that is wrong at once, each at its column.
    """
    changed = set(changed)
    problems = [Problem(name, f"{label(name)}：必填，请补上") for name in MUST.get(table, ()) if row.get(name) in (None, "")]
    if "code" in changed and table in GROWING and not CODE.fullmatch(str(row["code"])):
        problems.append(Problem("code", "代码：请用英文字母、数字和 _ . -，最多 64 个"))
    problems += _references(store, table, {name: row[name] for name in changed if name in row})
    problems += _together(table, row)
    if table in ("attention_patterns", "attention_words"):
        problems += _wording(store, table, row)
    if problems:
        raise InvalidInput(*problems)


def _references(store: "Store", table: str, values: Mapping[str, Any]) -> Iterable[Problem]:
    for name, value in values.items():
        if name in REFERS and (table, name) not in FREE and value not in ANY and value is not None and value not in codes(store, REFERS[name]):
            yield Problem(name, f"{label(name)}：没有“{value}”，请从 {REFERS[name]} 中选择")
    for department in filter(None, str(values.get("support_departments", "")).split(";")):
        if department not in codes(store, "departments"):
            yield Problem("support_departments", f"{label('support_departments')}：没有“{department}”，几个用英文分号隔开")
    if values.get("recipients"):
        unknown = set(str(values["recipients"]).split(";")) - {row["username"] for row in store.users()}
        for username in sorted(unknown):
            yield Problem("recipients", f"{label('recipients')}：没有用户“{username}”，请填用户名，几个用英文分号隔开")


def choices_of(store: "Store", table: str, name: str) -> dict[str, str]:
    """Give what may be chosen for a column, code and name; nothing where anything may be written."""
    if name == "basis":
        return dict(BASES)
    if name.startswith("is_"):
        return {"1": "是", "0": "否"}
    if (table, name) in CHOICES:
        return {code: text for code, text in CHOICES[table, name].items() if code != "*"}
    if name not in REFERS or (table, name) in FREE:
        return {}
    any_one = {} if name in MUST.get(table, ()) or name == "unit_code" else EVERY
    stars = {"*": "任何类型"} if (table, name) in STARRED else {}
    return {**any_one, **stars, **codes(store, REFERS[name])}


def codes(store: "Store", target: str) -> dict[str, str]:
    """Give what may be referred to in a table (or `units`): code and name."""
    rows = store.units() if target == "units" else store.reference_rows(target)
    return {row["code"]: f"{row['level2']} · {row['level3']}" if target == "topics" else row["name"] for row in rows}


def _together(table: str, row: Mapping[str, Any]) -> Iterable[Problem]:
    if table == "time_limits" and row.get("valid_from_on") and row.get("valid_until_on") and row["valid_from_on"] >= row["valid_until_on"]:
        yield Problem("valid_until_on", f"失效日应晚于生效日 {row['valid_from_on']}")
    if table == "office_hours" and row.get("weekday") == 0 and not row.get("spans"):
        yield Problem("spans", "办公时段：任何工作日的时段必填；某一天不办公的，请为那一天单列一行并留空")
    if table == "escalations" and (row.get("mark") == "multiple") != (float(row.get("multiple") or 1) > 1):
        yield Problem("multiple", "倍数：标志为 multiple 时应大于 1，为 yellow 或 red 时填 1")
    if table == "switches":
        pattern, help_text = SWITCHES.get(row["code"], (r".*", ""))
        if not re.fullmatch(pattern, str(row["value"]).strip(), re.ASCII):
            yield Problem("value", f"“{row['value']}”不对：{help_text}")
    if table == "fixed_holidays":
        with suppress(TypeError, ValueError):
            date(2000, int(row["month"]), int(row["day"]))
            return
        yield Problem("day", "没有这一天，请核对月和日")


def _wording(store: "Store", table: str, row: Mapping[str, Any]) -> Iterable[Problem]:
    """Refuse a pattern that names no list, and words that one of the patterns that name them cannot take."""
    words, column, patterns = store.word_lists(), "pattern", [str(row.get("pattern", ""))]
    if table == "attention_words":
        words, column = words | {row["name"]: row["words"]}, "words"
        patterns = [one["pattern"] for one in store.reference_rows("attention_patterns") if f"{{{row['name']}}}" in one["pattern"]]
    for pattern in patterns:
        try:
            expand(pattern, words)
        except ValueError as error:
            yield Problem(column, f"{label(column)}：词式“{pattern}”：{error}")
