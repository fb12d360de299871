"""Prints docs/metrics.md from the metrics' functions, so that page, docs and code say the same: `python -m scripts.metrics_docs [--check]`."""

import csv
import sys
from pathlib import Path

from triage.metrics import METRICS, OTHERS, definition
from triage.reference import DATA

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
HEAD = """# Metrics 指标

Printed from the functions of `triage/metrics.py` (`python -m scripts.metrics_docs`); the pages say the same behind 怎么算的. What is counted are
facts (`triage/store/facts.py`): one SELECT a source serves the sums, the lists behind them and the recount. Tickets that were merged, withdrawn or
exempted stand in no rate and are counted apart. A metric with a window (观察期) judges what happened so many days before a day of the period, so
that a figure that was shown once does not change when time passes.

Shares carry Wilson's 95 % interval, changes are in points with Newcombe's interval, a p-chart's limits are three standard errors. Sums are kept a
day in `figures`, fed by deltas in the transaction of each move, folded by `flask sweep`, counted anew by `flask rebuild figures` and checked by
`flask rebuild figures --check`.
"""


def page() -> str:
    """Give the page."""
    with (DATA / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    parts = [HEAD]
    for code in [*METRICS, *OTHERS]:
        row = rows.get(code)
        name = row["name"] if row else "不计入的工单"
        parts.append(f"\n## {name} `{code}`\n\n{definition(code)}\n")
        if row:
            window = f"; window {row['maturity_days']} days" if row["maturity_days"] != "0" else ""
            parts.append(f"\nBasis: {row['basis']}{window}.\n")
    return "".join(parts)


def main() -> None:
    """Write the page, or say that it is not what it should be."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/metrics.md is not what the metrics say: run python -m scripts.metrics_docs")


if __name__ == "__main__":
    main()
