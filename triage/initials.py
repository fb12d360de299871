"""Pinyin initials (拼音首字母) of topic names, so that 抄表 is found by `cb`: a table of the characters that occur in them, not a dictionary."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from triage.settings import ROOT

TABLE = ROOT / "data" / "pinyin_initials.csv"


@cache
def letters(path: Path = TABLE) -> Mapping[str, str]:
    """Give the letter of each character that the table has (`data/pinyin_initials.csv`: the reading that the topic names use, 行为 is xw)."""
    with path.open(encoding="utf-8", newline="") as file:
        return {character: row["letter"] for row in csv.DictReader(file) for character in row["characters"]}


def initials(name: str) -> str:
    """Give a name's initials in small letters; signs are left out, a character that is not in the table stays as it is, and can be typed."""
    known = letters()
    return "".join(known.get(character, character.lower()) for character in name if character.isalnum())
