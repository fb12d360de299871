"""Pinyin initials: units and people are found by them as topics are; what no table knows can be typed as it stands."""

import csv
from collections import Counter

import pytest

from triage.demo import rows
from triage.initials import TABLE, initials


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("柳河供电所", "lhgds"),
        ("临江市城区供电中心", "ljscqgdzx"),
        ("张力", "zl"),
        ("曾晟", "zs"),
        ("长沙", "cs"),
        ("衢州", "qz"),
        ("啊座", "az"),
        ("行为", "xw"),
        ("95598客服", "95598kf"),
        ("〇㐂Ａb·c", "〇㐂ａbc"),
        ("", ""),
    ],
    ids=["station", "county", "person", "rarer", "reading", "city", "first and last", "topic's reading", "digits", "in no table", "nothing"],
)
def test_initials_are_the_first_letters(name, typed):
    assert initials(name) == typed


def test_every_unit_and_person_of_the_demo_can_be_typed():
    names = [row["name"] for table in ("units", "users", "crews", "history_people") for row in rows(table)]
    assert [name for name in names if not initials(name).isascii()] == []


def test_no_character_stands_in_the_table_twice():
    with TABLE.open(encoding="utf-8", newline="") as file:
        text = "".join(row["characters"] for row in csv.DictReader(file))
    assert len(text) > 400
    assert [character for character, count in Counter(text).items() if count > 1] == []
