"""Import files of satisfaction surveys (满意度调查): a wrong row is refused alone with its reason, and can be mended."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.commands.customers import bring_in
from routes.commands.imports import ACTOR
from tables import Row
from triage.customer_files import units_by_word
from triage.errors import InvalidInput, Problem
from triage.surveys import FIELDS, KEY, NEEDED, Survey, read_survey, take_surveys
from triage.wording import say


@click.command("surveys")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where refused rows go (default: FILE.rejected.csv).")
@with_appcontext
@says_what_is_wrong
def import_surveys(file: Path, rejects: Path | None) -> None:
    """Keep every row of a CSV, TSV, NDJSON or XLSX file as a survey of satisfaction (满意度调查); the same survey again follows the file.

    Columns are called unit_code (供电单位), scope (范围), method (方式), question (题目), first_on (开始日期), last_on (结束日期),
    answers (有效样本数), satisfied (满意数) or satisfied_share (满意率, like 92.5% or 0.925), source (来源).
    """
    with open_store() as store:
        units, now, seen = units_by_word(store), moment(), dict[tuple[object, ...], int]()

        def read(row: Row) -> Survey:
            survey = read_survey(row.values, units, now)
            first = seen.setdefault(tuple(getattr(survey, name) for name in KEY), row.number)
            if first != row.number:
                raise InvalidInput(
                    Problem(
                        "question",
                        say("Question: the same survey as in row {first}, and only that row was taken; delete one of the two", first=first),
                    )
                )
            return survey

        bring_in(file, rejects, (FIELDS, NEEDED), read, lambda rows: take_surveys(rows, file.name, store=store, actor=ACTOR, now=now))
