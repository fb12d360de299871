"""How far two auditors agree: raw agreement and weighted kappa, each shown with the number of pairs that it is from."""

from collections.abc import Sequence
from dataclasses import dataclass

Pair = tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """Agreement over `n` pairs: the share that are equal, and kappa (None where both gave one and the same value throughout)."""

    n: int
    raw: float
    kappa: float | None


def agreement(pairs: Sequence[Pair]) -> Agreement | None:
    """Compare two auditors' values, pair by pair; None where there are no pairs."""
    if not pairs:
        return None
    return Agreement(len(pairs), sum(a == b for a, b in pairs) / len(pairs), weighted_kappa(pairs))


def weighted_kappa(pairs: Sequence[Pair]) -> float | None:
    """Give kappa with linear weights: 1 minus the mean distance within the pairs over that which chance would bring.

    1 is full agreement, 0 what chance gives. None where chance can bring no distance: everybody gave the same.
    Source: J. Cohen, Weighted kappa, Psychological Bulletin 70 (1968), 213–220; with 0/1 values it is the plain kappa of 1960.
    """
    n = len(pairs)
    seen = sum(abs(a - b) for a, b in pairs) / n
    by_chance = sum(abs(a - b) for a, _ in pairs for _, b in pairs) / (n * n)
    return 1 - seen / by_chance if by_chance else None
