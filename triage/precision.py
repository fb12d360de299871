"""How often a rule of suspicion is right: what auditors confirmed of what they decided, and honestly 未经验证 while that is too little."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.figures import wilson

if TYPE_CHECKING:
    from triage.store import Store

ENOUGH = 30  # inferred: decided finds of a rule before its precision is more than a guess


@dataclass(frozen=True)
class Precision:
    """A rule with how many of its finds wait, were confirmed and were refused."""

    rule: str
    name: str
    words: str
    is_on: bool
    waiting: int
    confirmed: int
    decided: int

    @property
    def is_validated(self) -> bool:
        """Whether enough of its finds have been decided to say how good it is."""
        return self.decided >= ENOUGH

    @property
    def rate(self) -> float | None:
        """The confirmed of the decided; None where nothing is decided."""
        return self.confirmed / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval (see `wilson`)."""
        return wilson(self.confirmed, self.decided) if self.decided else None


def precisions(store: "Store") -> list[Precision]:
    """Give every rule with what became of its finds."""
    counts = store.suspicion_counts()
    rows = store.reference_rows("suspicion_rules")
    return [_of(row["code"], row["name"], row["rule"], row["is_on"], counts.get(row["code"], {})) for row in rows]


def _of(rule: str, name: str, words: str, is_on: bool, n: dict[str, int]) -> Precision:
    confirmed, refused = n.get("confirmed", 0), n.get("refused", 0)
    return Precision(rule, name, words, is_on, n.get("", 0), confirmed, confirmed + refused)
