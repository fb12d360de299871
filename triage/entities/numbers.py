"""Numbers that are named as such or have a shape of their own: 户号, 电话, 表号, 停电事件编号."""

import re
from collections.abc import Iterator

from triage.entities.digits import spelt
from triage.entities.kinds import Entity, EntityKind

WRITTEN = r"(?:\+?86[- ]{0,2})?+\(?\d{2,}+(?:(?:[)）][- ]?|[- \u00a0]{1,2})\d++){0,7}"  # what separates is never optional: no two ways to read a run
SPOKEN = r"[零〇一二两三四五六七八九幺]{2,}+(?:[，,、 -][零〇一二两三四五六七八九幺]{2,}+){0,7}"
PAIR = re.compile(r"[\d零〇一二两三四五六七八九幺]{2}")  # without two digits side by side there is no run, and that is soon seen
RUN = re.compile(rf"(?<![\dA-Za-z.#]){WRITTEN}(?![\dA-Za-z])|{SPOKEN}")
GROUP = re.compile(r"\d{7,25}")
BEFORE, AFTER = 16, 9
LABELS = {
    EntityKind.CUSTOMER_NUMBER: "户号|户头号|客户编号|用户编号|用电编号|客户号|用户号|缴费号|缴费编号|客户代码|用户代码|国网编号|总户号|电费号",
    EntityKind.METER_NUMBER: "表号|资产号|资产编号|资产码|局编号|局号|条码|条形码|出厂编号|出厂号|表计编号|电能表编号|"
    "表编号|表计号|电表上|铭牌|表上|电表编号|电能表|表壳",
    EntityKind.OUTAGE_EVENT: "停电事件|停电编号|停电号|停电单|事件编号|事件号|停电信息编号|故障编号|停电计划编号|停电通知编号|停电计划",
    EntityKind.PHONE: "电话|手机|座机|固话|联系方式|来电|号码|拨|打|热线|致电|微信",
    None: "快递|单号|订单|工单|身份证|证件|发票|卡号|银行|流水|验证码|税号|信用代码|工号|尾号|合同|"
    "编码|账号|账户|取件|受理号|受理编号|回执|密码|金额|户口|社保|车牌|凭证",
}
LABEL = re.compile("|".join(f"(?P<k{i}>{words})" for i, words in enumerate(LABELS.values())))
KINDS = tuple(LABELS)
LENGTHS = {
    EntityKind.CUSTOMER_NUMBER: {10, 13},
    EntityKind.METER_NUMBER: set(range(6, 25)),
    EntityKind.OUTAGE_EVENT: {12},
    EntityKind.PHONE: {7, 8},
}
MOBILE = re.compile(r"(?:86)?(1[3-9]\d{9})")
LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}")
SERVICE = re.compile(r"[48]00\d{7}")
IDENTITY = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]?")
DATE = re.compile(r"(?:19|20)\d{2}-\d{1,2}-\d{1,2}\b")
MIXED = re.compile(r"[A-Za-z0-9]{8,}+")
SOON_A_DIGIT = re.compile(r"[A-Za-z]{0,6}[0-9]")
LONGEST_MIXED = 24
MEASURE = re.compile(r"\s{0,2}(?:元|块|度|千瓦|万|米|平|公里|吨|kW|KW|%|年)")


def find_numbers(text: str) -> Iterator[Entity]:
    """Give the numbers of a text, each once: by the name that stands nearest, else by their shape."""
    end = 0
    for run in RUN.finditer(text) if PAIR.search(text) else ():
        if len(run.group()) < 7 or len(spelt(run.group())) < 7:
            continue
        whole = _read(text, run.start(), run.end(), end)
        if whole:
            yield whole
        else:
            yield from filter(None, (_read(text, start, stop, end) for start, stop in _pieces(run)))
        end = run.end()
    yield from _lettered(text)


def _lettered(text: str) -> Iterator[Entity]:
    """Meter numbers that hold letters; only a name makes one of them a number at all."""
    for match in MIXED.finditer(text):
        is_number = match.end() - match.start() <= LONGEST_MIXED and SOON_A_DIGIT.match(match.group()) and not match.group().isdigit()
        if is_number and _label(text, match.start(), match.end(), 0) is EntityKind.METER_NUMBER:
            yield Entity(EntityKind.METER_NUMBER, match.group().upper(), match.span(), match.group())


def _pieces(run: re.Match[str]) -> list[tuple[int, int]]:
    """Several numbers side by side: those that are long enough to stand alone."""
    groups = [m.span() for m in GROUP.finditer(run.group())]
    return [(run.start() + start, run.start() + stop) for start, stop in groups if (start, stop) != (0, len(run.group()))]


def _read(text: str, start: int, stop: int, since: int) -> Entity | None:
    words = text[start:stop]
    digits = spelt(words)
    kind = _kind(digits, _label(text, start, stop, since)) if not DATE.match(words) and not MEASURE.match(text, stop) else None
    if kind is None:
        return None
    mobile = MOBILE.fullmatch(digits)
    value = mobile[1] if mobile and kind is EntityKind.PHONE else digits
    return Entity(kind, value, (start, stop), words)


def _label(text: str, start: int, stop: int, since: int) -> EntityKind | bool | None:
    """The nearest name before a number, else the first one right behind it; None: it is named as something else; False: it has no name."""
    near = text[max(since, start - BEFORE) : start]
    near = near[max(near.rfind(mark) for mark in "。；！？") + 1 :]
    named = list(LABEL.finditer(near))
    if not named:
        behind = text[stop : stop + AFTER]
        found = LABEL.search(behind[: _sentence(behind)])
        named = [found] if found else []
    return KINDS[int(str(named[-1].lastgroup)[1:])] if named else False


def _sentence(text: str) -> int:
    ends = [at for mark in "。；！？" if (at := text.find(mark)) >= 0]
    return min(ends, default=len(text))


def _kind(digits: str, label: EntityKind | bool | None) -> EntityKind | None:
    if isinstance(label, EntityKind) and label is not EntityKind.PHONE and len(digits) in LENGTHS[label]:
        return label
    if label is not None and any(shape.fullmatch(digits) for shape in (MOBILE, LANDLINE, SERVICE)):
        return EntityKind.PHONE
    if label is EntityKind.PHONE and len(digits) in LENGTHS[label] and digits[0] not in "01":
        return EntityKind.PHONE
    if label is False and len(digits) in LENGTHS[EntityKind.CUSTOMER_NUMBER] and digits[0] != "0" and not IDENTITY.match(digits):
        return EntityKind.CUSTOMER_NUMBER
    return None
