"""Referral advice (转告建议): what an agent can tell a customer when something is not the utility's to mend, and who is responsible."""

from collections.abc import Iterable

from triage.attention import Attention
from triage.routing import EXTERNAL
from triage.rules import ReferralAdvice, Rules

NO_LIABILITY = "no_liability"
MOST = 3


def advise(text: str, topic: str | None, attention: Iterable[Attention], rules: Rules) -> tuple[ReferralAdvice, ...]:
    """Give the advice that fits a complaint, the row with the most of its words in the text first.

    A row fits where its words are in the text, and it names the complaint's very topic (a fault in the customer's own wiring, 客户内部故障),
    or the topic is not the utility's (非供电责任), or an attention rule says so: a customer who complains about the utility is not sent away
    because a property company is named in passing. Source: `data/referral_advice.csv`.
    """
    is_ours = topic is None or topic not in rules.topics or rules.topics[topic].lead_department != EXTERNAL
    is_free = not is_ours or any(one.rule == NO_LIABILITY for one in attention)
    named = [(sum(word in text for word in row.words), row) for row in rules.referral_advice if is_free or (row.topic and row.topic == topic)]
    fitting = [(count, row) for count, row in named if count]
    return tuple(row for _, row in sorted(fitting, key=lambda pair: -pair[0])[:MOST])
