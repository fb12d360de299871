"""Moments as they are said, reckoned from the call: 昨晚八点, 上周三, 11月5日至7日, 两小时前."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from triage.entities.digits import FIGURES, count
from triage.entities.holidays import NAMES, holiday
from triage.entities.kinds import Entity, EntityKind

N = f"[{FIGURES}]{{1,3}}"
DAYS = {
    **dict.fromkeys(("大前天", "大前儿"), -3),
    **dict.fromkeys(("前天", "前日", "前儿个", "前儿", "前晚"), -2),
    **dict.fromkeys(("昨天", "昨日", "昨儿个", "昨儿", "昨夜", "夜来", "昨个", "琴日", "尋日", "寻日", "寻晚", "琴晚", "尋晚"), -1),
    **dict.fromkeys(("今天", "今日", "今儿个", "今儿", "今个", "当天", "当日"), 0),
    **dict.fromkeys(("明天", "明日", "明儿个", "明儿", "听日"), 1),
    **dict.fromkeys(("后天", "后日", "后儿"), 2),
    "大后天": 3,
}
SHORT = {"前": -2, "昨": -1, "今": 0, "明": 1}
YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
PARTS = {
    **dict.fromkeys(("凌晨", "后半夜", "下半夜"), (0, 6)),
    **dict.fromkeys(("清早", "清晨", "早晨", "早上", "早起", "大清早", "一大早", "一早", "朝早", "早", "晨"), (6, 9)),
    **dict.fromkeys(("上午", "上昼", "头晌", "上半天"), (6, 12)),
    **dict.fromkeys(("中午", "晌午", "正午", "中饭时"), (11, 13)),
    **dict.fromkeys(("下午", "午后", "后晌", "下昼", "下半天"), (12, 18)),
    **dict.fromkeys(("傍晚", "傍黑", "擦黑", "黄昏"), (17, 19)),
    **dict.fromkeys(("晚上", "夜里", "夜间", "晚间", "夜晚", "黑夜", "黑下", "黑里", "黑了", "黑", "晚", "夜"), (18, 24)),
    **dict.fromkeys(("半夜", "午夜", "深夜", "三更半夜", "大半夜"), (23, 27)),
}
WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1, "下下": 2}
WEEKDAYS = "一二三四五六日天末"
PART = f"(?P<part>{'|'.join(sorted(PARTS, key=len, reverse=True))})"
LATER = (
    "停|来|去|到|交|报|办|的|那|早|晚|上|下|中|凌|之|以|前|后|就|才|开|换|装|打|给|说|夜|傍|刚|我|跳|没|起|，|。|,|、|；|！|？|\\s|左右|至|—|-|~|～|$"
)
DAY = (
    f"(?P<word>{'|'.join(sorted(DAYS, key=len, reverse=True))})|(?P<short>[前昨今明])(?=[早晚晨夜])"
    r"|(?P<iso>(?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2})(?:日|号)?(?!\d)"
    rf"|(?:(?P<year>(?:19|20)?\d{{2}}年|前年|去年|今年|明年)的?)?(?:(?P<month>{N})月份?的?(?P<dom>{N})(?:[号日](?!个|月)|(?![号日个月\d]))|(?P<m>\d{{1,2}})\.(?P<d>\d{{1,2}})[号日])"
    rf"|(?P<months>上上个?月|上个?月|这个?月|本月|当月|下个?月)的?(?P<monthday>{N})[号日]?(?![{FIGURES}]|次|回|度|块|元|户|天|个)"
    rf"|(?P<weeks>上上个?|上个?|这个?|本|下下个?|下个?|(?<![每一两二三四五六七八九十几半整个各满双单]))(?:周|星期|礼拜)(?P<weekday>[{WEEKDAYS}])(?!次|回|圈|遍|围|年)"
    rf"|(?<![{FIGURES}第.])(?P<only>{N})[号日](?={LATER})"
    rf"|(?P<holiday>{NAMES})(?:期间|假期|长假|小长假|放假|节|当天|那天|前后)?(?!路|街|广场|村|大道|商|小区|桥|镇|酒店|超市|公司|收费|大厦|大街|社区|厂)"
    r"|(?P<span>上上个?月|上个?月|上上个?(?:周|星期|礼拜)|上个?(?:周|星期|礼拜)|去年|前年)(?![一二三四五六日天末的]?[一二三四五六日天末])"
)
CLOCK = (
    rf"(?P<hour>{N})(?:[:：](?P<colon>[0-5]\d)(?!\d)|(?:点钟?|时(?!间|候|段|长))"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{N})分?|(?P<sharp>整|多|钟|来钟)?))"
)
POINT = re.compile(rf"(?:{DAY})(?:那天|当天|的|当晚(?=晚))?(?:{PART})?的?(?:{CLOCK})?")
HOURS = re.compile(rf"(?:{PART})?的?{CLOCK}")
AGO = re.compile(
    rf"(?P<n>{N}|半|个把)(?P<more>多|来)?(?:个)?(?P<half>半)?(?:个)?(?P<more2>多)?(?P<unit>小时|钟头|分钟|分种|刻钟|天|日|周|星期|礼拜|月|年)(?:多)?(?:之|以)?前(?!的?这个)"
)
JUST = re.compile("刚才|刚刚才?|方才|头先|啱啱|将才|才将|刚刚儿")
TO = re.compile("(?:一直|就)?(?:到|至|—{1,2}|--?|–|~|～|直到)")
NOW = re.compile("(?:停到|停电)?[，,]?(?:一直)?(?:到|至)?(?:现在|目前|如今|这会儿?|这时候|而今|今(?!天|日|早|晚|年))|至今")
TRIGGER = re.compile(
    rf"刚|方才|头先|啱|将才|[前昨今明后]|[琴尋寻][日晚]|听日|夜来|大后天|去年|月|周|星期|礼拜|[号日](?={LATER})|点|时|[:：](?=\d\d)|{NAMES}|20\d\d[-/.年]|\d\.\d{{1,2}}[号日]|凌晨"
)
UNIT = re.compile("千|万|瓦|度|块|元|毛|倍|折|米|公里")  # 七点五千瓦 is a figure and no time
NOT_CLOCK = re.compile("意见|建议|要求|原因|问题|理由|不|疑问|看法|希望|感受|教训|说明|情况|事|声明|诉求|儿|钱|油|水|小|击|评|赞|火|名|开|错|没")
DAY_ALONE = re.compile(rf"(?P<dom>{N})[号日](?!楼|线|台|变|表)")
# With what a moment can begin: most places of a text need no second look.
FIRST = frozenset(
    "".join(word[0] for words in (DAYS, SHORT, YEARS, PARTS, NAMES.split("|")) for word in words) + "0123456789零〇一二两三四五六七八九十"
)
FIRST |= frozenset("半个刚方头啱将才上这本当下周星礼")
BACK = 8


@dataclass(frozen=True)
class Said:
    """Where a moment begins and ends; a moment that is a point, or a day, ends where it begins."""

    start: datetime | date
    end: datetime | date

    def __str__(self) -> str:
        """The ISO form of the day, the minute or the interval."""
        return _iso(self.start) if self.start == self.end else f"{_iso(self.start)}/{_iso(self.end)}"


def _iso(moment: datetime | date) -> str:
    return moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else moment.isoformat()


def find_moments(text: str, now: datetime) -> Iterator[Entity]:
    """Give the days, minutes and intervals that a text names; `now` is Shanghai's clock at the call, without a zone."""
    at = 0
    while trigger := TRIGGER.search(text, at):
        found = _around(text, at, trigger, now)
        if found:
            said, start, end = found
            yield Entity(EntityKind.MOMENT, str(said), (start, end), text[start:end])
        at = found[2] if found else trigger.end()


def _around(text: str, since: int, trigger: re.Match[str], now: datetime) -> tuple[Said, int, int] | None:
    """The moment that holds a trigger: what begins first, as long as it reaches it."""
    for start in range(max(since, trigger.start() - BACK), trigger.end()):
        found = _moment(text, start, now) if text[start] in FIRST else None
        if found and found[1] > trigger.start():
            said, end = _until(text, found[1], found[0], now)
            return said, start, end
    return None


def _moment(text: str, start: int, now: datetime, day: date | None = None, part: str = "") -> tuple[Said, int] | None:
    """Read the moment that begins here; `day` and `part` are those that a range began with."""
    try:
        if match := JUST.match(text, start):
            return Said(now, now), match.end()
        if match := AGO.match(text, start):
            return _ago(match, now)
        if match := POINT.match(text, start):
            return _point(match, now)
        if match := HOURS.match(text, start):
            return _hours(match, text, now, day, part)
    except (ValueError, OverflowError):  # 2月30日, 25点
        return None
    return None


def _ago(match: re.Match[str], now: datetime) -> tuple[Said, int] | None:
    amount = {"半": 0.5, "个把": 1}.get(match["n"], count(match["n"])) + (0.5 if match["half"] else 0)
    if amount <= 0:
        return None
    minutes = {"小时": 60, "钟头": 60, "分钟": 1, "分种": 1, "刻钟": 15}.get(match["unit"])
    if minutes:
        moment = now - timedelta(minutes=int(amount * minutes))
        return Said(moment, moment), match.end()
    days = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}.get(match["unit"])
    day = now.date() - timedelta(days=int(amount * days)) if days else _months(now.date(), int(amount * (12 if match["unit"] == "年" else 1)))
    return Said(day, day), match.end()


def _months(day: date, back: int) -> date:
    """The same day of an earlier month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, min(day.day, _last(year, month + 1).day))


def _last(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _point(match: re.Match[str], now: datetime) -> tuple[Said, int] | None:
    days = _days(match, now.date())
    if days is None:
        return None
    part = match["part"] or ("晚" if (match["word"] or "").endswith(("晚", "昨夜")) else "")
    return _on(days, part, match)


def _on(days: Said, part: str, match: re.Match[str]) -> tuple[Said, int] | None:
    day = days.start
    if match["hour"] and not (NOT_CLOCK.match(match.string, match.end()) and not (part or match["half"] or match["colon"])):
        moment = _at(day, part, match)
        return Said(moment, moment), match.end()
    if part and days.start == days.end:
        begins, ends = PARTS[part]
        return Said(_midnight(day) + timedelta(hours=begins), _midnight(day) + timedelta(hours=ends)), match.end("part") if match[
            "part"
        ] else match.end()
    return days, match.end("part") if match["part"] else match.start("hour") if match["hour"] else match.end()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _at(day: date, part: str, match: re.Match[str]) -> datetime:
    """The minute: 下午三点 is 15:00, 晚上十二点 the midnight that ends the day, 昨晚一点 an hour after it."""
    hour = count(match["hour"])
    minute = 30 if match["half"] else {"一": 15, "三": 45}.get(match["quarter"] or "", count(match["colon"] or match["minute"] or "0"))
    if not 0 <= hour <= 24 or not 0 <= minute < 60:
        raise ValueError(hour)
    begins, _ = PARTS.get(part, (0, 0))
    if begins in (18, 23) and (hour <= 5 or hour == 12):
        hour = hour % 12 + 24
    elif (begins >= 12 and hour < 12) or (begins == 11 and hour < 4):
        hour += 12
    elif begins == 0 and part and hour == 12:
        hour = 0
    return _midnight(day) + timedelta(hours=hour, minutes=minute)


def _days(match: re.Match[str], today: date) -> Said | None:
    """The day, or the first and the last day, that the words before the hour name."""
    if match["word"] or match["short"]:
        day = today + timedelta(days=DAYS[match["word"]] if match["word"] else SHORT[match["short"]])
    elif match["iso"]:
        year, month, dom = (int(piece) for piece in re.split(r"\D", match["iso"]))
        day = date(year, month, dom)
    elif match["month"] or match["m"]:
        day = _in_year(match["year"], count(match["month"] or match["m"]), count(match["dom"] or match["d"]), today)
    elif match["months"]:
        first = _shifted(today, match["months"])
        day = first.replace(day=count(match["monthday"]))
    elif match["weekday"]:
        return _week(match["weeks"].rstrip("个"), match["weekday"], today)
    elif match["only"]:
        day = today.replace(day=count(match["only"]))
    elif match["holiday"]:
        first, last = holiday(match["holiday"], today)
        return Said(first, last)
    else:
        return _span(match["span"], today)
    return Said(day, day)


def _in_year(year: str | None, month: int, dom: int, today: date) -> date:
    """A day of a year that is named, else of the one that brings it nearest."""
    if year in YEARS:
        return date(today.year + YEARS[year], month, dom)
    if year:
        number = int(year[:-1])
        return date(number if number > 99 else 2000 + number, month, dom)
    days = [date(today.year + shift, month, dom) for shift in (-1, 0, 1) if (month, dom) != (2, 29) or _last(today.year + shift, 2).day == 29]
    return min(days, key=lambda day: abs(day - today))


def _shifted(today: date, words: str) -> date:
    """The first day of the month that is meant."""
    back = {"上上": 2, "上": 1, "下": -1}.get(words.rstrip("月").rstrip("个"), 0)
    return _months(today.replace(day=1), back)


def _week(which: str, weekday: str, today: date) -> Said:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=WEEKS[which])
    if weekday == "末":
        return Said(monday + timedelta(days=5), monday + timedelta(days=6))
    day = monday + timedelta(days=min(WEEKDAYS.index(weekday), 6))
    if not which and day > today:  # 星期六 said on a Monday: who complains tells of what has been
        day -= timedelta(weeks=1)
    return Said(day, day)


def _span(words: str, today: date) -> Said:
    """A week, a month or a year as a whole."""
    if words in YEARS:
        year = today.year + YEARS[words]
        return Said(date(year, 1, 1), date(year, 12, 31))
    if words.endswith("月"):
        first = _shifted(today, words)
        return Said(first, _last(first.year, first.month))
    monday = today - timedelta(days=today.weekday()) - timedelta(weeks=words.count("上"))
    return Said(monday, monday + timedelta(days=6))


def _hours(match: re.Match[str], text: str, now: datetime, day: date | None, part: str) -> tuple[Said, int] | None:
    """An hour without a day: of the day that the range began with, else of the day of the call."""
    bare = not (match["part"] or match["half"] or match["quarter"] or match["colon"] or match["minute"] or match["sharp"])
    before, after = text[: match.start()][-1:], text[match.end() : match.end() + 2]
    if (match["colon"] and before.isdigit()) or UNIT.match(after):
        return None
    if (
        bare
        and day is None
        and (NOT_CLOCK.match(after) or (before in "差有早晚快" and before) or count(match["hour"]) in (-1, 1) or not re.match(LATER, after))
    ):
        return None
    if bare and day is None and "点" not in match.group():
        return None
    moment = _at(day or now.date(), match["part"] or part, match)
    return Said(moment, moment), match.end()


def _until(text: str, at: int, said: Said, now: datetime) -> tuple[Said, int]:
    """Read on where a range goes on: 至7日, 到下午三点, 到现在."""
    if match := NOW.match(text, at):
        if match.group().startswith(("到", "至", "一直到", "一直至", "，一直", ",一直")) and said.start <= _like(said.start, now):
            return Said(said.start, _like(said.start, now)), match.end()
        return said, at
    to = TO.match(text, at)
    if not to:
        return said, at
    base = said.start
    day = base.date() if isinstance(base, datetime) else base
    only = DAY_ALONE.match(text, to.end())
    if only and not isinstance(base, datetime):
        try:
            last = day.replace(day=count(only["dom"]))
        except ValueError:
            return said, at
        return (Said(day, last), only.end()) if last >= day else (said, at)
    begins = next((part for part in PARTS if said.start != said.end and part in text[max(0, at - 4) : at]), "")
    found = _moment(text, to.end(), now, day, begins)
    if not found:
        return said, at
    last_moment = found[0].end
    if isinstance(last_moment, datetime) != isinstance(said.start, datetime) or last_moment < said.start:
        return said, at
    return Said(said.start, last_moment), found[1]


def _like(start: datetime | date, now: datetime) -> datetime | date:
    return now if isinstance(start, datetime) else now.date()
