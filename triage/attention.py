"""Attention rules: what in a complaint raises its level, with the words that say so (`docs/attention.md`)."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from triage.complaint import Complaint, Contact, Context
from triage.moments import in_shanghai
from triage.rules import Rules, Speech, Wording
from triage.similarity import Earlier, Repeat, grams, repeats
from triage.terms import Channel
from triage.wording import say

if TYPE_CHECKING:
    from triage.outages import KnownOutage

AUTHORITIES = (Channel.AUTHORITY_12398, Channel.AUTHORITY_12345, Channel.AUTHORITY_OTHER)
REPEATED = 3
CLAUSE = re.compile(r"[，。！？；,.!?;\n]")
SENTENCE = re.compile(r"[。！？!?\n]")


@dataclass(frozen=True)
class Reach:
    """How many characters before and after itself a marker takes back, and the marks that it does not reach across."""

    before: int
    after: int
    stop: re.Pattern[str] | None = CLAUSE

    def around(self, text: str, marker: re.Match[str], turn: re.Pattern[str]) -> tuple[int, int]:
        """Give what a marker in a text reaches: it ends where a tale turns to here and now."""
        start, end = max(marker.start() - self.before, 0), min(marker.end() + self.after, len(text))
        if self.stop is None:
            return start, end
        for mark in self.stop.finditer(text, start, marker.start()):
            start = mark.end()
        for ending in (self.stop, turn):
            found = ending.search(text, marker.end(), end)
            end = found.start() if found else end
        return start, end


REACHES = {
    "否定": Reach(0, 7),
    "担心": Reach(0, 20),
    "假设": Reach(0, 20),
    "听说": Reach(0, 25),
    "往事": Reach(0, 60, SENTENCE),
    "事后": Reach(12, 0),
    "名目": Reach(12, 20),
    "全文": Reach(4000, 4000, None),
}


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
    said = ((code, say("Original words: “{words}”", words=text[start:end]), (start, end)) for code, (start, end) in hear(text, rules.wordings))
    known = ((code, evidence, None) for code, evidence in _in_context(text, contact, context, topic, rules))
    return tuple(Attention(code, rules.attention[code].name, evidence, span) for code, evidence, span in (*said, *known) if code in rules.attention)


def hear(text: str, wordings: tuple[Wording, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give each rule that the words of a text speak for, with where they stand: the first match of its first pattern that nothing takes back."""
    for wording in wordings:
        span = _hear_one(text, wording)
        if span:
            yield wording.rule, span


def _hear_one(text: str, wording: Wording) -> tuple[int, int] | None:
    denials = None
    for speech in wording.speaks:
        match = _first(text, speech)
        while match:
            denials = denials or Denials(_denied(text, wording))  # most texts speak for no rule, so that nothing needs to be taken back
            if match.end() > match.start() and not denials.cover(match.end()):
                return match.span()
            match = speech.expression.search(text, max(match.end(), match.start() + 1))
    return None


def _first(text: str, speech: Speech) -> re.Match[str] | None:
    for need in speech.needs:  # a loop, since any() would take as long again as the search
        if not need.search(text):
            return None
    return speech.expression.search(text)


def _denied(text: str, wording: Wording) -> Iterator[tuple[int, int]]:
    for denial in wording.denials:
        reach = REACHES.get(denial.marker.partition("_")[0])
        for match in denial.expression.finditer(text):
            yield reach.around(text, match, wording.turn) if reach else match.span()


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


def _in_context(text: str, contact: Contact, context: Context, topic: str | None, rules: Rules) -> Iterator[tuple[str, str]]:
    if contact.channel in AUTHORITIES:
        yield "authority", say("Channel: {channel}", channel=contact.channel.label)
    if contact.is_confidential:
        yield "confidential", say("The customer asks for confidentiality")
    if context.customer and context.customer.key_kind:
        yield "key_customer", say("Customer record: {kind}", kind=context.customer.key_kind)
    outage = known_outage(context, topic, rules)
    if outage:
        yield (
            "known_outage",
            say(
                "{kind} {number} ({match}), power expected back {ends_at:%m-%d %H:%M}",
                kind=outage.kind.label,
                number=outage.number,
                match=outage.matched.value,
                ends_at=in_shanghai(outage.ends_at),
            ),
        )
    if context.outages and _is_of_outage(topic, rules) and context.outages.recent_count >= rules.number("frequent_outage_count", 3):
        yield (
            "frequent_outage",
            say(
                "Transformer area {area}: {count} outages in the last two months",
                area=context.outages.transformer_area,
                count=context.outages.recent_count,
            ),
        )
    calls = earlier_of_same_event(text, context, topic, rules)
    if len(calls) + 1 >= REPEATED:
        yield (
            "repeat_caller",
            say("Call no. {count}; the ticket before was {number} ({reason})", count=len(calls) + 1, number=calls[0].number, reason=calls[0].reason),
        )


OF_OUTAGES = ("outage.fault", "outage.notice", "outage.plan", "quality.reliability")


def _is_of_outage(topic: str | None, rules: Rules) -> bool:
    """Whether a complaint is about the supply being off; one about a bill is not explained by an outage next door."""
    return topic is not None and topic in rules.topics and rules.topics[topic].level2_code in OF_OUTAGES


def known_outage(context: Context, topic: str | None, rules: Rules) -> "KnownOutage | None":
    """Give the registered outage that explains a complaint about the supply being off, or None."""
    known = context.outages.known if context.outages else ()
    return known[0] if known and _is_of_outage(topic, rules) else None


def earlier_of_same_event(text: str, context: Context, topic: str | None, rules: Rules) -> tuple[Repeat, ...]:
    """Give the caller's earlier tickets about the same event, the latest first, and why each is taken for it (`triage.similarity.repeats`)."""
    groups = {code: entry.level2_code for code, entry in rules.topics.items()}
    calls = (
        Earlier(
            call.number,
            groups.get(call.topic or "", ""),
            call.received_at,
            grams(call.text),
            call.is_same_customer,
            call.is_same_phone,
            call.is_same_address,
        )
        for call in context.earlier
    )
    return repeats(text, groups.get(topic or "", ""), calls)
