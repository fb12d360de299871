"""A report as an XLSX workbook: sheets with formats, frozen heads and charts; numbers are numbers, texts stay texts, nothing of a customer."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter

from triage.board import Compared, Point, enough_to_judge
from triage.figures import Change
from triage.moments import in_shanghai
from triage.report import MOST_MISSED, Report, Row, missed
from triage.rules import Rules
from triage.service_index import IndexRow, Points
from triage.terms import Step
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

COMPARED = (
    *(
        say("Cases (denominator)"),
        say("Met (numerator)"),
        say("Rate"),
        say("95% interval, lower end"),
        say("95% interval, upper end"),
        say("Rate in the period before"),
        say("Since the period before (points)"),
        say("Since the period before, lower end"),
        say("Since the period before, upper end"),
        say("Judgement"),
    ),
    *(say("Rate a year before"), say("Year over year (points)")),
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
            "number": self.book.add_format({"num_format": "0.00"}),
            "change": self.book.add_format({"num_format": "+0.00;-0.00;0.00"}),
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
    """Give a report as an XLSX file.

    Its sheets: summary, timeliness with a chart, quality, service index, trend with a chart, units, topics, missed steps, definitions.
    """
    sheets = Sheets(report)
    _summary(sheets, report)
    _steps(sheets, report)
    sheets.table(say("Service quality"), [(say("Metric"), 18, "text"), *_compared_columns()], ([row.name, *_compared(row)] for row in report.quality))
    _index(sheets, report)
    _trend(sheets, report)
    _units(sheets, report)
    counts = [(say("Name"), 40, "text"), (say("Cases"), 10, "count"), (say("Share"), 10, "share")]
    sheets.table(say("Topic"), counts, ([one.name, one.n, one.share] for one in report.topics))
    sheets.table(say("Tickets not counted"), counts, ([one.name, one.n, one.share] for one in report.excluded))
    _missed(sheets, report, store, rules, now)
    sheets.table(say("Definition of the metric"), [(say("Metric"), 18, "text"), (say("How it is calculated"), 120, "text")], report.definitions)
    return sheets.done()


def _summary(sheets: Sheets, report: Report) -> None:
    sheet = sheets.book.add_worksheet(say("Summary"))
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, report.title, sheets.formats["title"])
    made = in_shanghai(report.made_at).strftime("%Y-%m-%d %H:%M")
    sheet.write_string(
        1,
        0,
        say(
            "{period} ({first_on} to {last_on}), made at {made}",
            period=report.period.name,
            first_on=report.period.first_on,
            last_on=report.period.last_on,
            made=made,
        ),
    )
    for place, sentence in enumerate(report.summary, 3):
        sheet.write_string(place, 0, sentence, sheets.formats["text"])


def _steps(sheets: Sheets, report: Report) -> None:
    sheet = sheets.table(
        say("Timeliness of handling"), [(say("Step"), 14, "text"), *_compared_columns()], ([row.name, *_compared(row)] for row in report.steps)
    )
    if not report.steps:
        return
    chart = sheets.book.add_chart({"type": "column"})
    last = len(report.steps)
    for column in (3, 6):  # this period's rate and that of the period before
        values = {
            "name": [say("Timeliness of handling"), 0, column],
            "categories": [say("Timeliness of handling"), 1, 0, last, 0],
            "values": [say("Timeliness of handling"), 1, column, last, column],
        }
        chart.add_series(values)
    chart.set_title({"name": say("Timeliness of handling by step")})
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%"})
    sheet.insert_chart(last + 3, 0, chart, {"x_scale": 1.6})


def _index(sheets: Sheets, report: Report) -> None:
    """Write the service index: a row each line with its cases (of the denominator where it is a share) and points, the whole last."""
    heads = (
        *((say("Period before (points)"), "number"), (say("Since the period before (index points)"), "change")),
        *((say("A year before (points)"), "number"), (say("Year over year (index points)"), "change")),
    )
    columns = [
        *((say("Line"), 26.0, "text"), (say("Rule"), 52.0, "text"), (say("Cases (numerator)"), 12.0, "count"), (say("Denominator"), 12.0, "count")),
        *((say("Points"), 10.0, "number"), *((head, 14.0, style) for head, style in heads)),
    ]
    rows: list[Sequence[Cell]] = [[row.name, row.rule, *_cases(row), *_index_points(row.points)] for row in report.index.rows]
    whole = [say("Index"), None, None, None, *_index_points(report.index.whole)]
    sheets.table(report.index_name, columns, [*rows, whole] if rows else [])


def _cases(row: IndexRow) -> tuple[int, int | None]:
    if row.line is None:
        return 0, None
    return (row.line.figure.k, row.line.figure.n) if row.line.figure else (row.line.cases, None)


def _index_points(points: Points) -> list[Cell]:
    return [points.now, points.before, points.since_before, points.last_year, points.since_last_year]


def _trend(sheets: Sheets, report: Report) -> None:
    columns = [
        (say("First day"), 14, "text"),
        (say("Due"), 10, "count"),
        (say("In time"), 10, "count"),
        (say("Timeliness of handling and reply"), 12, "share"),
    ]
    limits = [(say("Lower control limit"), 12.0, "share"), (say("Upper control limit"), 12.0, "share")]
    has_limits = any(one.limits for one in report.trend)
    rows = [[str(one.figure.day_on), one.figure.n, one.figure.k, one.figure.rate, *_limits(one, has_limits)] for one in report.trend]
    sheet = sheets.table(say("Trend"), [*columns, *(limits if has_limits else [])], rows)
    if not rows:
        return
    if not has_limits:
        sheet.write_string(len(rows) + 2, 0, _no_limits(report.trend))
    chart = sheets.book.add_chart({"type": "line"})
    for column in (3, 4, 5) if has_limits else (3,):
        chart.add_series(
            {
                "name": [say("Trend"), 0, column],
                "categories": [say("Trend"), 1, 0, len(rows), 0],
                "values": [say("Trend"), 1, column, len(rows), column],
            }
        )
    chart.set_title({"name": say("Timeliness of handling and reply")})
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%"})
    sheet.insert_chart(len(rows) + 4, 0, chart, {"x_scale": 1.6})


def _limits(point: Point, has_limits: bool) -> list[Cell]:
    if not has_limits:
        return []
    return [point.limits.low, point.limits.high] if point.limits else [None, None]


def _no_limits(points: Sequence[Point]) -> str:
    """Say why no limits are drawn; a period of a report is a month at most, so a point is a day or a week."""
    if enough := enough_to_judge(points):
        each = say("a day") if points[0].span == "day" else say("a day or a week")
        return say("Fewer than {enough} cases {each}: no control limits are drawn", enough=enough, each=each)
    return say("All were met, or none: there is nothing to judge, and no control limits are drawn")


def _units(sheets: Sheets, report: Report) -> None:
    columns = [
        (say("Unit"), 30, "text"),
        (say("Possible ranks"), 14, "text"),
        (say("Due"), 10, "count"),
        (say("In time"), 10, "count"),
        (say("Timeliness of handling and reply"), 12, "share"),
    ]
    rows = (
        [
            row.name,
            f"{row.places[0]}–{row.places[1]}" if row.places else say("Too few cases, not ranked"),
            row.figure.n,
            row.figure.k,
            row.figure.rate,
            *(row.figure.interval or (None, None)),
        ]
        for row in report.units
    )
    sheets.table(say("Units below"), [*columns, (say("95% interval, lower end"), 12, "share"), (say("95% interval, upper end"), 12, "share")], rows)


def _missed(sheets: Sheets, report: Report, store: "Store", rules: Rules, now: datetime) -> None:
    units = {row["code"]: row["name"] for row in store.units()}
    rows = [
        [
            row["ticket_number"],
            Step(row["measure"].rsplit(".", 1)[-1]).label,
            row["happened_at"],
            say("Not done") if row["amount"] else say("Done late"),
            units.get(row["unit_code"], row["unit_code"]),
            rules.departments.get(row["department"], row["department"]),
            rules.topics[row["topic"]].name if row["topic"] in rules.topics else row["topic"],
        ]
        for row in missed(report, store, now)
    ]
    columns = [
        (say("Ticket number"), 20, "text"),
        (say("Step"), 10, "text"),
        (say("Due at"), 18, "moment"),
        (say("Outcome"), 12, "text"),
        (say("Unit"), 26, "text"),
    ]
    sheet = sheets.table(say("Overdue in detail"), [*columns, (say("Department"), 16, "text"), (say("Topic"), 26, "text")], rows)
    if len(rows) == MOST_MISSED:
        sheet.write_string(len(rows) + 2, 0, say("Only the earliest {most} are listed; open the others from the dashboard", most=MOST_MISSED))


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
