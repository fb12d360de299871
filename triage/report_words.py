"""The summary of a report in sentences: only what is beyond noise is called better or worse, what is too few to judge is said to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.figures import Change, Figure, change, wilson
from triage.terms import ReportKind

Compared = tuple[str, Figure, Figure | None, bool | None]  # name, now, before, whether less is better (None: neither is)


@dataclass(frozen=True)
class Words:
    """Says what figures say about a period of a kind; fewer than `fewest` cases are not judged."""

    kind: ReportKind
    fewest: int

    @property
    def before(self) -> str:
        """What the period before is called."""
        return "上周" if self.kind is ReportKind.WEEK else "上月"

    def unfinished(self) -> str:
        """Say that the period is not over."""
        return "统计期尚未结束：只计此刻已经到期的事项，各数还会变。"

    def received(self, period: str, unit: str, counts: tuple[int, int], days: Sequence[int]) -> str:
        """Say how many tickets came, and whether that is more or less a day than before beyond what chance does."""
        now, before = counts
        said = f"{period}，{unit}受理工单 {now} 件，{self.before} {before} 件"
        if min(now, before) < self.fewest:
            return f"{said}；件数少，不比较增减。"
        low, high = wilson(now, now + before)
        expected = days[0] / sum(days)
        if low <= expected <= high:
            return f"{said}，日均件数的差别在偶然波动之内。"
        return f"{said}，日均件数{'增加' if now / (now + before) > expected else '减少'}，超出偶然波动。"

    def changes(self, rows: Sequence[Compared]) -> list[str]:
        """Say which shares changed beyond noise since the period before, which did not, and how many such marks chance alone sets."""
        judged = [(name, figure, found, less) for name, figure, before, less in rows if (found := self._change(figure, before))]
        if not judged:
            return [f"没有一项在本期和{self.before}都够件数，不比较升降。"]
        news = [self._better_or_worse(*one, f"较{self.before}") for one in judged if one[2].is_news]
        still = [name for name, _, found, _ in judged if not found.is_news]
        said = [*news, *([f"与{self.before}相比在偶然波动之内的：{'、'.join(still)}。"] if still else [])]
        if news:
            said.append(f"以上共比较 {len(judged)} 项；即使什么都没有变，按 95% 区间每 20 项也约有 1 项会标出。")
        return said

    def last_year(self, rows: Sequence[Compared]) -> list[str]:
        """Say which shares changed beyond noise since the same days of last year."""
        judged = [(name, figure, found, less) for name, figure, before, less in rows if (found := self._change(figure, before))]
        return [self._better_or_worse(*one, "较去年同期") for one in judged if one[2].is_news]

    def too_few(self, rows: Sequence[tuple[str, Figure]]) -> list[str]:
        """Say what cannot be judged."""
        few = [f"{name}（{figure.n} 件）" for name, figure in rows if figure.n < self.fewest]
        return [f"不足 {self.fewest} 件、不作评判的：{'、'.join(few)}。"] if few else []

    def units(self, rows: Sequence[tuple[str, Figure]]) -> list[str]:
        """Say whether the units below are told apart: the first from the last, by intervals that do not overlap."""
        if len(rows) < 2:
            return []
        (first, best), (last, worst) = rows[0], rows[-1]
        if best.interval is None or worst.interval is None or best.interval[0] <= worst.interval[1]:
            return [f"参加排名的 {len(rows)} 个下级单位，处理回复及时率的区间首尾仍有重叠，分不出先后。"]
        return [f"下级单位中，{first}的处理回复及时率（{_share(best)}）高于{last}（{_share(worst)}），超出偶然波动。"]

    def counts(self, opening: str, rows: Sequence[tuple[str, int]]) -> list[str]:
        """List counts in a sentence; nothing where there are none."""
        return [f"{opening}{'、'.join(f'{name} {n} 件' for name, n in rows)}。"] if rows else []

    def _change(self, now: Figure, before: Figure | None) -> Change | None:
        return change(now, before) if before and min(now.n, before.n) >= self.fewest else None

    def _better_or_worse(self, name: str, figure: Figure, found: Change, less_is_better: bool | None, since: str) -> str:
        points = f"{found.points:+.1f} 个百分点（95% 区间 {found.low:+.1f} 至 {found.high:+.1f}）"
        return f"{name} {figure.rate:.1%}（{figure.k}/{figure.n}），{since} {points}，{verdict(found, less_is_better)}。"


def verdict(found: Change, less_is_better: bool | None) -> str:
    """Say in a word what a change beyond noise is: better or worse, or only up or down where neither is the better one (属实率)."""
    if less_is_better is None:
        return "上升" if found.points > 0 else "下降"
    return "变好" if (found.points < 0) == less_is_better else "变差"


def _share(figure: Figure) -> str:
    return f"{figure.rate:.1%}，{figure.k}/{figure.n}"
