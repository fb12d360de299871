"""A report as an XLSX workbook: sheets with formats, frozen heads and charts; numbers are numbers, texts stay texts, nothing of a customer."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter

from triage.board import Compared
from triage.figures import Change
from triage.moments import in_shanghai
from triage.report import MOST_MISSED, Report, Row, missed
from triage.rules import Rules
from triage.terms import Step

if TYPE_CHECKING:
    from triage.store import Store

COMPARED = (
    *("件数（分母）", "达到（分子）", "比率", "95% 区间下限", "95% 区间上限", "上期比率", "较上期（百分点）", "较上期下限", "较上期上限", "判断"),
    *("同期比率", "较同期（百分点）"),
)
# Texts of a person may begin with = + - @: as a formula they would run on the reader's machine, so every text is written as a text.
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
Cell = str | int | float | datetime | None


class Sheets:
    """A workbook that is being written: its formats and how a table goes onto a sheet."""

    def __init__(self, report: Report) -> None:
        """Begin an empty workbook with the formats that all sheets share."""
        self.bytes = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.bytes, OPTIONS)
        made = in_shanghai(report.made_at).replace(tzinfo=None)
        self.book.set_properties({"title": f"{report.title} {report.period.name}", "created": made})
        self.formats = {
            "head": self.book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "text_wrap": True, "valign": "top"}),
            "title": self.book.add_format({"bold": True, "font_size": 16}),
            "text": self.book.add_format({"text_wrap": True, "valign": "top"}),
            "share": self.book.add_format({"num_format": "0.0%"}),
            "points": self.book.add_format({"num_format": "+0.0;-0.0;0.0"}),
            "count": self.book.add_format({"num_format": "#,##0"}),
            "day": self.book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }

    def table(self, name: str, columns: Sequence[tuple[str, float, str]], rows: Iterable[Sequence[Cell]]) -> Any:
        """Write a table onto a sheet of its own: `columns` are head, width and format; the head stays in sight, the rows may be filtered."""
        sheet = self.book.add_worksheet(name)
        for place, (head, width, _) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, head, self.formats["head"])
        last = 0
        for last, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                self._write(sheet, last, place, value, self.formats[columns[place][2]])
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _write(self, sheet: Any, row: int, place: int, value: Cell, style: Any) -> None:
        if value is None:
            sheet.write_blank(row, place, None, style)
        elif isinstance(value, str):
            sheet.write_string(row, place, value, style)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, place, in_shanghai(value).replace(tzinfo=None), style)
        else:
            sheet.write_number(row, place, value, style)

    def done(self) -> bytes:
        """Give the file."""
        self.book.close()
        return self.bytes.getvalue()


def workbook(report: Report, *, store: "Store", rules: Rules, now: datetime) -> bytes:
    """Give a report as an XLSX file: summary, timeliness with a chart, quality, trend with a chart, units, topics, missed steps, definitions."""
    sheets = Sheets(report)
    _summary(sheets, report)
    _steps(sheets, report)
    sheets.table("服务质量", [("指标", 18, "text"), *_compared_columns()], ([row.name, *_compared(row)] for row in report.quality))
    _trend(sheets, report)
    _units(sheets, report)
    counts = [("名称", 40, "text"), ("件数", 10, "count"), ("占比", 10, "share")]
    sheets.table("主题", counts, ([one.name, one.n, one.share] for one in report.topics))
    sheets.table("不计入的工单", counts, ([one.name, one.n, one.share] for one in report.excluded))
    _missed(sheets, report, store, rules, now)
    sheets.table("口径", [("指标", 18, "text"), ("怎么算的", 120, "text")], report.definitions)
    return sheets.done()


def _summary(sheets: Sheets, report: Report) -> None:
    sheet = sheets.book.add_worksheet("摘要")
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, report.title, sheets.formats["title"])
    made = in_shanghai(report.made_at).strftime("%Y-%m-%d %H:%M")
    sheet.write_string(1, 0, f"{report.period.name}（{report.period.first_on} 至 {report.period.last_on}），生成于 {made}")
    for place, sentence in enumerate(report.summary, 3):
        sheet.write_string(place, 0, sentence, sheets.formats["text"])


def _steps(sheets: Sheets, report: Report) -> None:
    sheet = sheets.table("处理及时率", [("环节", 14, "text"), *_compared_columns()], ([row.name, *_compared(row)] for row in report.steps))
    if not report.steps:
        return
    chart = sheets.book.add_chart({"type": "column"})
    last = len(report.steps)
    for column in (3, 6):  # this period's rate and that of the period before
        values = {"name": ["处理及时率", 0, column], "categories": ["处理及时率", 1, 0, last, 0], "values": ["处理及时率", 1, column, last, column]}
        chart.add_series(values)
    chart.set_title({"name": "各环节处理及时率"})
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%"})
    sheet.insert_chart(last + 3, 0, chart, {"x_scale": 1.6})


def _trend(sheets: Sheets, report: Report) -> None:
    columns = [("起始日", 14, "text"), ("到期", 10, "count"), ("及时", 10, "count"), ("处理回复及时率", 12, "share"), ("控制下限", 12, "share")]
    rows = [
        [str(one.figure.day_on), one.figure.n, one.figure.k, one.figure.rate, *((one.limits.low, one.limits.high) if one.limits else (None, None))]
        for one in report.trend
    ]
    sheet = sheets.table("趋势", [*columns, ("控制上限", 12, "share")], rows)
    if not rows:
        return
    chart = sheets.book.add_chart({"type": "line"})
    for column in (3, 4, 5):
        chart.add_series({"name": ["趋势", 0, column], "categories": ["趋势", 1, 0, len(rows), 0], "values": ["趋势", 1, column, len(rows), column]})
    chart.set_title({"name": "处理回复及时率"})
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%"})
    sheet.insert_chart(len(rows) + 3, 0, chart, {"x_scale": 1.6})


def _units(sheets: Sheets, report: Report) -> None:
    columns = [("单位", 30, "text"), ("可能的名次", 14, "text"), ("到期", 10, "count"), ("及时", 10, "count"), ("处理回复及时率", 12, "share")]
    rows = (
        [
            row.name,
            f"{row.places[0]}–{row.places[1]}" if row.places else "件数不足，不排名",
            row.figure.n,
            row.figure.k,
            row.figure.rate,
            *(row.figure.interval or (None, None)),
        ]
        for row in report.units
    )
    sheets.table("下级单位", [*columns, ("95% 区间下限", 12, "share"), ("95% 区间上限", 12, "share")], rows)


def _missed(sheets: Sheets, report: Report, store: "Store", rules: Rules, now: datetime) -> None:
    units = {row["code"]: row["name"] for row in store.units()}
    rows = [
        [
            row["ticket_number"],
            Step(row["measure"].rsplit(".", 1)[-1]).label,
            row["happened_at"],
            "未完成" if row["amount"] else "超时完成",
            units.get(row["unit_code"], row["unit_code"]),
            rules.departments.get(row["department"], row["department"]),
            rules.topics[row["topic"]].name if row["topic"] in rules.topics else row["topic"],
        ]
        for row in missed(report, store, now)
    ]
    columns = [("工单号", 20, "text"), ("环节", 10, "text"), ("到期时间", 18, "moment"), ("情况", 12, "text"), ("单位", 26, "text")]
    sheet = sheets.table("超时明细", [*columns, ("部门", 16, "text"), ("主题", 26, "text")], rows)
    if len(rows) == MOST_MISSED:
        sheet.write_string(len(rows) + 2, 0, f"只列最早的 {MOST_MISSED} 条，其余请在看板上点开")


def _compared_columns() -> list[tuple[str, float, str]]:
    styles = ("count", "count", "share", "share", "share", "share", "points", "points", "points", "text", "share", "points")
    return [(head, 12.0, style) for head, style in zip(COMPARED, styles, strict=True)]


def _compared(row: Row) -> list[Cell]:
    one: Compared = row.compared
    low, high = one.figure.interval or (None, None)
    before, last_year, since_last_year = _rate(one.before), _rate(one.last_year), _points(one.since_last_year)[0]
    shares = [one.figure.n, one.figure.k, one.figure.rate, low, high, before]
    return [*shares, *_points(one.since_before), row.verdict, last_year, since_last_year]


def _rate(figure: Any) -> float | None:
    return figure.rate if figure else None


def _points(found: Change | None) -> tuple[float | None, float | None, float | None]:
    return (found.points, found.low, found.high) if found else (None, None, None)
