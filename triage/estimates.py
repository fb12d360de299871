"""What a stratified sample says of the whole: the mean with its interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

Z95 = 1.96


@dataclass(frozen=True)
class Estimate:
    """A mean of the whole with its 95 % interval (none where one ticket alone was seen), and from how many tickets of the sample it is."""

    mean: float
    interval: tuple[float, float] | None
    n: int


def stratified_mean(values: Mapping[str, Sequence[float]], frame: Mapping[str, int]) -> Estimate | None:
    """Estimate the mean over a whole frame from what was seen in each of its strata.

    Args:
        values: what was seen, by stratum; each value between 0 and 1.
        frame: how many the stratum holds.

    Returns:
        The estimate, or None while a stratum of the frame has not been looked into: nothing is known of it.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed. 1977, (5.1) and (5.7): the strata's means weighted by their sizes, the variance with the
    finite population correction. Of a stratum in which one alone was seen, the variance of all that was seen is taken in place of its own.
    """
    total = sum(frame.values())
    if not total or any(size and not values.get(name) for name, size in frame.items()):
        return None
    seen = {name: list(values[name]) for name, size in frame.items() if size}
    everything = [value for some in seen.values() for value in some]
    mean = sum(frame[name] * fmean(some) for name, some in seen.items()) / total
    if len(everything) < 2:
        return Estimate(mean, None, len(everything))
    overall = variance(everything)
    spread = sum(_part(some, frame[name] / total, frame[name], overall) for name, some in seen.items())
    half = Z95 * math.sqrt(spread)
    return Estimate(mean, (max(mean - half, 0.0), min(mean + half, 1.0)), len(everything))


def _part(some: Sequence[float], weight: float, size: int, overall: float) -> float:
    """Give what a stratum adds to the variance; nothing where it was seen whole."""
    n = len(some)
    own = variance(some) if n > 1 else overall
    return weight**2 * max(1 - n / size, 0.0) * own / n
