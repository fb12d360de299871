"""The summary of a report in sentences: only what is beyond noise is called better or worse, what is too few to judge is said to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.figures import Change, Figure, change, wilson
from triage.service_index import Index
from triage.terms import ReportKind
from triage.wording import say

Compared = tuple[str, Figure, Figure | None, bool | None]  # name, now, before, whether less is better (None: neither is)


@dataclass(frozen=True)
class Words:
    """Says what figures say about a period of a kind; fewer than `fewest` cases are not judged."""

    kind: ReportKind
    fewest: int

    @property
    def before(self) -> str:
        """What the period before is called."""
        return say("the week before") if self.kind is ReportKind.WEEK else say("the month before")

    def unfinished(self) -> str:
        """Say that the period is not over."""
        return say("The period is not over: only what is due by now is counted, and the figures will still change.")

    def received(self, period: str, unit: str, counts: tuple[int, int], days: Sequence[int]) -> str:
        """Say how many tickets came, and whether that is more or less a day than before beyond what chance does."""
        now, before = counts
        said = say(
            "{period}: {unit} received {count} tickets; {before}: {count_before}",
            period=period,
            unit=unit,
            count=now,
            before=self.before,
            count_before=before,
        )
        if min(now, before) < self.fewest:
            return say("{said}; too few to compare.", said=said)
        low, high = wilson(now, now + before)
        expected = days[0] / sum(days)
        if low <= expected <= high:
            return say("{said}; the difference in the number per day is within chance.", said=said)
        return say(
            "{said}; the number per day {moved} by more than chance.",
            said=said,
            moved=say("rose") if now / (now + before) > expected else say("fell"),
        )

    def changes(self, rows: Sequence[Compared]) -> list[str]:
        """Say which shares changed beyond noise since the period before, which did not, and how many such marks chance alone sets."""
        judged = [(name, figure, found, less) for name, figure, before, less in rows if (found := self._change(figure, before))]
        if not judged:
            return [say("Nothing has enough cases in both this period and {before}, so rises and falls are not compared.", before=self.before)]
        news = [self._better_or_worse(*one, say("since {before}", before=self.before)) for one in judged if one[2].is_news]
        still = [name for name, _, found, _ in judged if not found.is_news]
        said = [*news, *([say("Within chance compared with {before}: {names}.", before=self.before, names=say(", ").join(still))] if still else [])]
        if news:
            said.append(
                say("{count} comparisons were made in all; even if nothing had changed, 95% intervals would mark about 1 in 20.", count=len(judged))
            )
        return said

    def last_year(self, rows: Sequence[Compared]) -> list[str]:
        """Say which shares changed beyond noise since the same days of last year."""
        judged = [(name, figure, found, less) for name, figure, before, less in rows if (found := self._change(figure, before))]
        return [self._better_or_worse(*one, say("since the same period last year")) for one in judged if one[2].is_news]

    def too_few(self, rows: Sequence[tuple[str, Figure]]) -> list[str]:
        """Say what cannot be judged."""
        few = [say("{name} ({count} cases)", name=name, count=figure.n) for name, figure in rows if figure.n < self.fewest]
        return [say("Fewer than {fewest} cases, not judged: {names}.", fewest=self.fewest, names=say(", ").join(few))] if few else []

    def index(self, name: str, index: Index) -> list[str]:
        """Say the service index, beside earlier ones where there is enough business, and what takes most from it; nothing where there is no index."""
        points = index.whole
        if points.now is None:
            return []
        if index.handled < self.fewest:
            return [
                say(
                    "{name} {points:.2f}: only {count} tickets of business handled, too few to judge.",
                    name=name,
                    points=points.now,
                    count=index.handled,
                )
            ]
        earlier = ((self.before, points.before, points.since_before), (say("the same period last year"), points.last_year, points.since_last_year))
        said = [say("{when}: {points:.2f} ({since:+.2f})", when=when, points=then, since=since) for when, then, since in earlier if since is not None]
        if row := index.heaviest:
            said.append(say("most is taken by “{line}”: {points:.2f} points", line=row.name, points=row.deducted))
        listed = say("; ").join([say("{name} {points:.2f}", name=name, points=points.now), *said])
        return [say("{listed}. The index has no interval, so a rise or fall is not judged.", listed=listed)]

    def units(self, rows: Sequence[tuple[str, Figure]]) -> list[str]:
        """Say whether the units below are told apart: the first from the last, by intervals that do not overlap."""
        if len(rows) < 2:
            return []
        (first, best), (last, worst) = rows[0], rows[-1]
        if best.interval is None or worst.interval is None or best.interval[0] <= worst.interval[1]:
            return [
                say(
                    "{count} units below are ranked; the intervals of the first and the last in timeliness of handling "
                    "and reply still overlap, so no order can be told.",
                    count=len(rows),
                )
            ]
        return [
            say(
                "Of the units below, {first} has a higher timeliness of handling and reply ({best}) than {last} ({worst}), by more than chance.",
                first=first,
                best=_share(best),
                last=last,
                worst=_share(worst),
            )
        ]

    def counts(self, opening: str, rows: Sequence[tuple[str, int]]) -> list[str]:
        """List counts in a sentence; nothing where there are none."""
        return (
            [
                say(
                    "{opening} {listed}.",
                    opening=opening,
                    listed=say(", ").join((say("{name} ({count} tickets)", name=name, count=n) for name, n in rows)),
                )
            ]
            if rows
            else []
        )

    def _change(self, now: Figure, before: Figure | None) -> Change | None:
        return change(now, before) if before and min(now.n, before.n) >= self.fewest else None

    def _better_or_worse(self, name: str, figure: Figure, found: Change, less_is_better: bool | None, since: str) -> str:
        points = say("{points:+.1f} percentage points (95% interval {low:+.1f} to {high:+.1f})", points=found.points, low=found.low, high=found.high)
        return say(
            "{name} {rate:.1%} ({k}/{n}), {since} {points}: {verdict}.",
            name=name,
            rate=figure.rate,
            k=figure.k,
            n=figure.n,
            since=since,
            points=points,
            verdict=verdict(found, less_is_better),
        )


def verdict(found: Change, less_is_better: bool | None) -> str:
    """Say in a word what a change beyond noise is: better or worse, or only up or down where neither is the better one (属实率)."""
    if less_is_better is None:
        return say("Up") if found.points > 0 else say("Down")
    return say("Better") if (found.points < 0) == less_is_better else say("Worse")


def _share(figure: Figure) -> str:
    return say("{rate:.1%}, {k}/{n}", rate=figure.rate, k=figure.k, n=figure.n)
