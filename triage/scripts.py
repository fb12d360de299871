"""The call script (话术): what to ask, to promise and to say in a call, and how the caller stays safe, by topic (`data/call_scripts.csv`)."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from triage.rules import Rules
from triage.settings import ROOT

TABLE = ROOT / "data" / "call_scripts.csv"
ANY, DANGER = "", "danger"


@dataclass(frozen=True)
class Script:
    """What an agent can lean on: questions in their order, what may be promised, a sentence of empathy, advice for safety (each may be empty).

    No promise names a time: deadlines are rows of their own (`time_limits`), computed for the very demand and shown beside the script.
    """

    asks: tuple[str, ...] = ()
    promise: str = ""
    empathy: str = ""
    safety: str = ""

    def over(self, other: "Script") -> "Script":
        """Give this script, with what it leaves empty from another one."""
        return Script(self.asks or other.asks, self.promise or other.promise, self.empathy or other.empathy, self.safety or other.safety)


@cache
def read_scripts(path: Path = TABLE) -> Mapping[str, Script]:
    """Give the scripts by what they are for: a topic, a group of topics (level 2), `danger`, an attention rule, or nothing known (empty)."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["about"]: Script(tuple(filter(None, row["asks"].split("|"))), row["promise"], row["empathy"], row["safety"])
            for row in csv.DictReader(file)
        }


def script_of(topic: str | None, rules: Rules, *, is_danger: bool = False, heard: Iterable[str] = ()) -> Script:
    """Give the script of a complaint: danger to life first, then that of an attention rule that was heard (a breathing machine without
    power), then the topic's own row, its group's, and the one for any call."""
    known = rules.topics.get(topic or "")
    names = (DANGER if is_danger else None, *heard, topic, known.level2_code if known else None, ANY)
    script, scripts = Script(), read_scripts()
    for name in names:
        if name is not None and name in scripts:
            script = script.over(scripts[name])
    return script
