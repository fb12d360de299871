"""Attention rules: what in a complaint raises its level, with the words that say so."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from triage.complaint import Complaint, Contact, Context
from triage.rules import Pattern, Rules
from triage.terms import Channel

AUTHORITIES = (Channel.AUTHORITY_12398, Channel.AUTHORITY_12345, Channel.AUTHORITY_OTHER)
REPEATED = 3


@dataclass(frozen=True)
class Attention:
    """A rule that holds for a complaint, the evidence for it, and where in the text that stands; None: it is known from the context."""

    rule: str
    name: str
    evidence: str
    span: tuple[int, int] | None = None


def read_attention(complaint: Complaint, contact: Contact, context: Context, topic: str | None, rules: Rules) -> tuple[Attention, ...]:
    """Say which attention rules hold, each with its evidence (`data/attention.csv`, `data/attention_patterns.csv`)."""
    text = complaint.text
    said = ((code, f"原文“{text[start:end]}”", (start, end)) for code, (start, end) in hear(text, rules.patterns))
    known = ((code, evidence, None) for code, evidence in _in_context(contact, context, topic, rules))
    return tuple(Attention(code, rules.attention[code].name, evidence, span) for code, evidence, span in (*said, *known) if code in rules.attention)


def hear(text: str, patterns: tuple[Pattern, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give each rule that the words of a text speak for, with where they stand: the first match of its first pattern that nothing denies."""
    heard: set[str] = set()
    denials: dict[str, Denials] = {}
    for pattern in patterns:
        rule, search = pattern.rule, pattern.expression.search
        if pattern.is_negation or rule in heard:
            continue
        match = search(text)
        while match:
            if rule not in denials:  # most texts speak for no rule, so that nothing needs to be denied
                denials[rule] = Denials(m.span() for p in patterns if p.is_negation and p.rule == rule for m in p.expression.finditer(text))
            if match.end() > match.start() and not denials[rule].cover(match.end()):
                heard.add(rule)
                yield rule, match.span()
                break
            match = search(text, max(match.end(), match.start() + 1))


class Denials:
    """Where a text denies a rule, supposes it, or tells it of others: a match that ends inside does not count."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        """Sort the spans, and keep how far those that have begun reach: looking up stays cheap in a text that denies a thousand times."""
        ordered = sorted(spans)
        self.starts = [start for start, _ in ordered]
        self.reach = list(accumulate((end for _, end in ordered), max))

    def cover(self, end: int) -> bool:
        """Whether one holds the last character of a match that ends here: the word that matters is the last one (电杆要是倒了)."""
        begun = bisect_left(self.starts, end)
        return begun > 0 and self.reach[begun - 1] >= end


def _in_context(contact: Contact, context: Context, topic: str | None, rules: Rules) -> Iterator[tuple[str, str]]:
    if contact.channel in AUTHORITIES:
        yield "authority", f"渠道：{contact.channel.label}"
    if contact.is_confidential:
        yield "confidential", "客户要求保密"
    if context.customer and context.customer.key_kind:
        yield "key_customer", f"客户档案：{context.customer.key_kind}"
    calls = earlier_of_same_event(context, topic, rules)
    if len(calls) + 1 >= REPEATED:
        yield "repeat_caller", f"第 {len(calls) + 1} 次来电，前次工单 {calls[0]}"


def earlier_of_same_event(context: Context, topic: str | None, rules: Rules) -> tuple[str, ...]:
    """Give the numbers of the caller's earlier tickets about the same event, the latest first: the same second level of the taxonomy."""
    groups = {code: entry.level2_code for code, entry in rules.topics.items()}
    group = groups.get(topic or "")
    return tuple(call.number for call in context.earlier if group and groups.get(call.topic or "") == group)
