"""Holidays by the names that people give them, with the days that the State Council announced where they are known."""

from datetime import date, timedelta

from chinese_calendar import constants

KNOWN = constants.Holiday
HOLIDAYS = {
    "国庆": (KNOWN.national_day, (10, 1), 7),
    "十一": (KNOWN.national_day, (10, 1), 7),
    "五一": (KNOWN.labour_day, (5, 1), 5),
    "劳动节": (KNOWN.labour_day, (5, 1), 5),
    "元旦": (KNOWN.new_years_day, (1, 1), 1),
    "春节": (KNOWN.spring_festival, (2, 1), 7),
    "过年": (KNOWN.spring_festival, (2, 1), 7),
    "清明": (KNOWN.tomb_sweeping_day, (4, 4), 3),
    "端午": (KNOWN.dragon_boat_festival, (6, 10), 3),
    "中秋": (KNOWN.mid_autumn_festival, (9, 20), 1),
}
NAMES = "国庆|十一(?=期间|假期|长假|放假|黄金周)|五一|劳动节|元旦|春节|过年(?=期间|那|时|前|后|放)|清明|端午|中秋"


def holiday(name: str, today: date) -> tuple[date, date]:
    """The first and the last day of the holiday that is nearest to a day."""
    kind, (month, dom), length = HOLIDAYS[name]
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        days = sorted(day for day, known in constants.holidays.items() if known is kind and day.year == year)
        first = days[0] if days else date(year, month, dom)
        found.append((first, days[-1] if days else first + timedelta(days=length - 1)))
    return min(found, key=lambda days: abs(days[0] - today))
