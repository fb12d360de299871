"""Pinyin initials (拼音首字母) of names, so that 抄表 is found by `cb`, 柳河供电所 by `lhgds` and 张力 by `zl`: two tables, not a dictionary."""

import csv
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from triage.settings import ROOT

TABLE = ROOT / "data" / "pinyin_initials.csv"
# Row and cell (区位码) of the first character of each letter in GB 2312-80.
# fmt: off
FIRSTS = (
    1601, 1637, 1833, 2078, 2274, 2302, 2433, 2594, 2787, 3106, 3212, 3472,
    3635, 3722, 3730, 3858, 4027, 4086, 4390, 4558, 4684, 4925, 5249,
)
# fmt: on
LETTERS = "abcdefghjklmnopqrstwxyz"
LAST = 5589
MOST = 20_000  # more names than a province has units and people who are at work


@cache
def letters(path: Path = TABLE) -> Mapping[str, str]:
    """Give the letter of each character that the table has: the reading that names of topics, units and people use, where there are others.

    行为 is xw; and the rarer characters of surnames and places, which GB 2312 does not sort by sound (`data/pinyin_initials.csv`).
    """
    with path.open(encoding="utf-8", newline="") as file:
        return {character: row["letter"] for row in csv.DictReader(file) for character in row["characters"]}


@lru_cache(maxsize=MOST)
def initials(name: str) -> str:
    """Give a name's initials in small letters; signs are left out, a character that is in no table stays as it is, and can be typed."""
    known = letters()
    return "".join(known.get(character) or _by_order(character) for character in name if character.isalnum())


def _by_order(character: str) -> str:
    """Give the letter by a character's place among the 3,755 commonest, which GB 2312-80 (its first level) sorts by their sound; else itself."""
    place = _place(character)
    if not FIRSTS[0] <= place <= LAST:
        return character.lower()
    return LETTERS[sum(first <= place for first in FIRSTS) - 1]


def _place(character: str) -> int:
    try:
        row, cell = (byte - 0xA0 for byte in character.encode("gb2312"))
    except ValueError:  # not in GB 2312, or a sign of ASCII, which is one byte
        return 0
    return row * 100 + cell
