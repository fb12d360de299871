"""Opens every figure of a reading and says which lists do not hold what the figure counts."""

from triage.figures import Opens, Reading
from triage.metrics import METRICS


def lists_that_differ(reading: Reading) -> list[tuple[str, str, int, int]]:
    """Give metric, part, what the figure says and how many rows its list has, wherever these two differ."""
    wrong = []
    for code, compute in METRICS.items():
        for figure in compute(reading):
            for part, said, opens in (("of", figure.n, figure.of_n), ("met", figure.k, figure.of_k)):
                listed = _listed(reading, opens)
                if listed != said:
                    wrong.append((f"{code} {figure.step} {figure.value}", part, said, listed))
    return wrong


def _listed(reading: Reading, opens: Opens) -> int:
    count = reading.store.count_figure_list(opens.wanted(), reading.now, met=opens.met)
    rows = reading.store.figure_list(opens.wanted(), reading.now, met=opens.met, most=10_000)
    assert len(rows) == count
    return count
