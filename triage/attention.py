"""Attention rules: what in a complaint raises its level, with the words that say so."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triage.complaint import Complaint, Contact, Context
from triage.rules import Pattern, Rules
from triage.terms import Channel

AUTHORITIES = (Channel.AUTHORITY_12398, Channel.AUTHORITY_12345, Channel.AUTHORITY_OTHER)
REPEATED = 3


@dataclass(frozen=True)
class Attention:
    """A rule that holds for a complaint, and the evidence for it."""

    rule: str
    name: str
    evidence: str


def read_attention(complaint: Complaint, contact: Contact, context: Context, topic: str | None, rules: Rules) -> tuple[Attention, ...]:
    """Say which attention rules hold, each with its evidence (`data/attention.csv`, `data/attention_patterns.csv`)."""
    found = [*_in_text(complaint.text, rules.patterns), *_in_context(contact, context, topic, rules)]
    return tuple(Attention(code, rules.attention[code].name, evidence) for code, evidence in found if code in rules.attention)


def _in_text(text: str, patterns: tuple[Pattern, ...]) -> Iterator[tuple[str, str]]:
    for rule in dict.fromkeys(pattern.rule for pattern in patterns):
        against = [m.span() for p in patterns if p.rule == rule and p.is_negation for m in p.expression.finditer(text)]
        matches = (m for p in patterns if p.rule == rule and not p.is_negation for m in p.expression.finditer(text))
        evidence = next((m for m in matches if not _inside(m, against)), None)
        if evidence:
            yield rule, f"原文“{evidence.group()}”"


def _inside(match: re.Match[str], spans: Iterable[tuple[int, int]]) -> bool:
    """A match counts as denied where it ends inside a negation's span and does not begin before it."""
    return any(start <= match.start() and match.end() <= end for start, end in spans)


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
