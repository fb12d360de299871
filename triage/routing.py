"""The decision: which department and team, how grave, at once or by a dispatcher, and why."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from triage.attention import Attention, earlier_of_same_event, known_outage, read_attention
from triage.complaint import Complaint, Contact, Context
from triage.errors import InvalidInput, Problem
from triage.prediction import Prediction
from triage.rules import Lead, Rules
from triage.similarity import Repeat
from triage.terms import Level, Locality, Made, State
from triage.wording import say

if TYPE_CHECKING:
    from triage.outages import KnownOutage

DANGER = "injury"
DANGER_TYPE, DANGER_TOPIC = "fault", "grid.safety"
EXTERNAL = "external"


@dataclass(frozen=True)
class Decision:
    """What is decided of a complaint and why; `confidence` is None where no model spoke.

    `state` is where the ticket starts; `is_watched` puts it on top of the dispatcher's queue although it has gone out.
    """

    demand_type: str | None
    topic: str | None
    department: str | None
    unit_code: str | None
    team_unit: str | None
    locality: Locality | None
    level: Level
    state: State
    made_by: Made
    reasons: tuple[str, ...]
    attention: tuple[Attention, ...] = ()
    co_departments: tuple[str, ...] = ()
    earlier: tuple[Repeat, ...] = ()
    confidence: float | None = None
    threshold: float | None = None
    is_confidential: bool = False
    is_watched: bool = False
    outage: "KnownOutage | None" = None


@dataclass(frozen=True)
class _Choice:
    """What it is about and who says so."""

    demand_type: str | None
    topic: str | None
    made_by: Made
    confidence: float | None
    reasons: tuple[str, ...]


def decide(complaint: Complaint, contact: Contact, prediction: Prediction | None, context: Context, rules: Rules) -> Decision:
    """Decide one complaint: the person's choice or the model's, the overrides, the supply unit and its team, the attention rules and the gate.

    Raises:
        InvalidInput: the agent chose a topic, a demand type or a unit that does not exist.
    """
    choice = _choose(complaint, prediction, rules)
    attention = read_attention(complaint, contact, context, choice.topic, rules)
    if any(a.rule == DANGER for a in attention) and choice.made_by is not Made.AGENT:
        choice = _danger(choice)
    unit, locality, where = supply_unit(contact, context)
    lead = rules.lead(choice.demand_type, choice.topic) if choice.topic and choice.demand_type else None
    danger = any(a.rule == DANGER for a in attention)
    department = rules.attention[DANGER].lead_department if danger else (lead.department if lead else None)
    decision = Decision(
        demand_type=choice.demand_type,
        topic=choice.topic,
        department=department,
        unit_code=unit,
        team_unit=team_unit(unit, department, context.parents, context.teams),
        locality=locality,
        level=_level(attention, rules),
        state=State.PENDING_REVIEW,
        made_by=choice.made_by,
        reasons=(*choice.reasons, *_why(lead, where), *(say("{field}: {problem}", field=a.name, problem=a.evidence) for a in attention)),
        attention=attention,
        co_departments=_co_departments(attention, rules, department),
        earlier=earlier_of_same_event(complaint.text, context, choice.topic, rules),
        confidence=choice.confidence,
        threshold=_threshold(prediction, rules),
        is_confidential=_is_confidential(contact, attention, lead, rules),
        is_watched=danger,
        outage=known_outage(context, choice.topic, rules),
    )
    return _end_at_once(complaint, _leave_type_open(_gate(decision, danger, rules), prediction, rules))


def _choose(complaint: Complaint, prediction: Prediction | None, rules: Rules) -> _Choice:
    if complaint.topic:
        _check_choice(complaint, rules)
        return _Choice(complaint.demand_type, complaint.topic, Made.AGENT, None, (say("Topic and demand type confirmed by the agent"),))
    if prediction is None:
        return _Choice(None, None, Made.MODEL, None, (say("No classification model is available; passed to a dispatcher for review"),))
    topic, demand_type = _best(prediction.topics, rules.topics), _best(prediction.demand_types, rules.demand_types)
    if topic is None or demand_type is None:
        return _Choice(None, None, Made.MODEL, None, (say("The model's topic is not in the current topic table; passed to a dispatcher for review"),))
    confidence = gate_score(prediction, demand_type, topic, rules)
    words = say(", ").join(word for word, weight in prediction.words.get("topic", ())[:4] if weight > 0)
    about = f"{rules.topics[topic].name} {dict(prediction.topics)[topic]:.2f}"
    kind = f"{rules.demand_types[demand_type]} {dict(prediction.demand_types)[demand_type]:.2f}"
    reasons = (
        say("Model {version}: {topic}, {demand_type}", version=prediction.model_version, topic=about, demand_type=kind),
        *((say("Words it rests on: {words}", words=words),) if words else ()),
    )
    return _Choice(demand_type, topic, Made.MODEL, confidence, reasons)


def _check_choice(complaint: Complaint, rules: Rules) -> None:
    if complaint.topic not in rules.topics:
        raise InvalidInput(Problem("topic", say("There is no topic “{topic}”; choose one from the topic table", topic=complaint.topic)))
    if complaint.demand_type not in rules.demand_types:
        raise InvalidInput(
            Problem(
                "demand_type",
                say(
                    "There is no demand type “{demand_type}”; choose one of {known}",
                    demand_type=complaint.demand_type,
                    known=say(", ").join(rules.demand_types.values()),
                ),
            )
        )


def _best(candidates: Iterable[tuple[str, float]], known: Mapping[str, object]) -> str | None:
    return next((label for label, _ in candidates if label in known), None)


def gate_score(prediction: Prediction, demand_type: str, topic: str, rules: Rules) -> float:
    """How sure the decision is: the chance that both the lead department and the handling are right, were they independent.

    The gate is on the decision, not on the label: all topics with the same lead department count together, and all demand
    types that are handled alike; what is costly to miss weighs more against it. Sources: the design's "Two heads, one
    decision"; `cost_when_missed` in `data/taxonomy.csv` and `data/demand_types.csv`. The classifier chooses its threshold
    on the same figure (`classifier.calibration.gate_scores`).
    """
    department, handling = rules.lead(demand_type, topic).department, rules.handling[demand_type]
    same = {label for label in rules.topics if rules.lead(demand_type, label).department == department}
    alike = {label for label, how in rules.handling.items() if how == handling}
    return _sure(prediction.topics, same, rules) * _sure(prediction.demand_types, alike, rules)


def _sure(candidates: Iterable[tuple[str, float]], meant: Set[str], rules: Rules) -> float:
    """The chance of the labels that are meant, against all others at what it costs to miss them."""
    chances = tuple(candidates)
    right = sum(p for label, p in chances if label in meant)
    wrong = sum(p * rules.costs.get(label, 1.0) for label, p in chances if label not in meant)
    return right / (right + wrong) if right else 0.0


def _danger(choice: _Choice) -> _Choice:
    """Danger to life goes to repair as a fault, whatever the model thinks that the text is about."""
    if choice.demand_type == DANGER_TYPE and choice.topic:
        return replace(choice, made_by=Made.RULE)
    return _Choice(
        DANGER_TYPE,
        DANGER_TOPIC,
        Made.RULE,
        choice.confidence,
        (*choice.reasons, say("Danger to people: dispatched to repair at once as a fault report")),
    )


def supply_unit(contact: Contact, context: Context) -> tuple[str | None, Locality | None, str]:
    """Give unit, locality and where they are known from: the customer's record, else the address, else the agent's choice."""
    customer = context.customer
    if customer:
        return customer.unit_code, customer.locality or contact.locality or context.area_locality, say("Supply unit by the customer's record")
    if context.area_unit:
        return context.area_unit, contact.locality or context.area_locality, say("Supply unit by the address")
    if contact.unit_code:
        if contact.unit_code not in context.parents:
            raise InvalidInput(
                Problem("unit_code", say("There is no supply unit “{unit}”; choose one from the table of units", unit=contact.unit_code))
            )
        return contact.unit_code, contact.locality, say("Supply unit chosen by the agent")
    return None, contact.locality, say("The supply unit is unknown; waiting for a dispatcher to decide")


def team_unit(unit: str | None, department: str | None, parents: Mapping[str, str], teams: frozenset[tuple[str, str]]) -> str | None:
    """Give the unit whose team of the department acts: the supply unit's own, else its parent's, and so on up."""
    while unit and department:
        if (unit, department) in teams:
            return unit
        unit = parents.get(unit)
    return None


def _level(attention: tuple[Attention, ...], rules: Rules) -> Level:
    levels = [level for a in attention if (level := rules.attention[a.rule].level)]
    return min(levels, key=lambda level: level.rank, default=Level.ORDINARY)


def _why(lead: Lead | None, where: str) -> tuple[str, ...]:
    return (lead.reason, where) if lead else (where,)


def _co_departments(attention: tuple[Attention, ...], rules: Rules, lead: str | None) -> tuple[str, ...]:
    named = (rules.attention[a.rule].co_department for a in attention)
    return tuple(dict.fromkeys(department for department in named if department and department != lead))


def _threshold(prediction: Prediction | None, rules: Rules) -> float | None:
    if rules.gate_threshold is not None:
        return rules.gate_threshold
    return prediction.threshold if prediction else None


def _is_confidential(contact: Contact, attention: tuple[Attention, ...], lead: Lead | None, rules: Rules) -> bool:
    by_rule = any(rules.attention[a.rule].is_confidential for a in attention)
    return contact.is_confidential or by_rule or bool(lead and lead.is_confidential)


def _gate(decision: Decision, danger: bool, rules: Rules) -> Decision:
    """Let the decision out or hold it for a dispatcher, and say which and why."""
    held = _held_because(decision, danger, rules)
    if held:
        return replace(decision, reasons=(*decision.reasons, held))
    passed = (
        ()
        if decision.confidence is None or danger
        else (
            say(
                "Confidence {confidence:.2f} ≥ threshold {threshold:.2f}, dispatched automatically",
                confidence=decision.confidence,
                threshold=decision.threshold,
            ),
        )
    )
    return replace(decision, state=State.DISPATCHED, reasons=(*decision.reasons, *passed))


def _held_because(decision: Decision, danger: bool, rules: Rules) -> str | None:
    if decision.department is None:
        return say("The topic cannot be told; waiting for review by a dispatcher")
    if decision.department == EXTERNAL:
        return say("Not the supplier's responsibility: the agent should refer the customer and name the responsible party")
    if decision.team_unit is None:
        return say("No crew can take it, or the supply unit is unknown; waiting for a dispatcher to decide")
    if danger or decision.made_by is Made.AGENT:
        return None
    if not rules.is_automatic_dispatch_on:
        return say("Automatic dispatch is off; waiting for review by a dispatcher")
    if decision.confidence is None or decision.threshold is None or decision.confidence < decision.threshold:
        return say(
            "Confidence {confidence:.2f} is below the threshold {threshold:.2f}; waiting for review by a dispatcher",
            confidence=decision.confidence or 0,
            threshold=decision.threshold if decision.threshold is not None else 1,
        )
    return None


def _leave_type_open(decision: Decision, prediction: Prediction | None, rules: Rules) -> Decision:
    """Send out without a demand type where the model is sure of department and handling, but not of the type itself.

    Until a person says it the limits of a complaint run, the strictest of those that are handled alike, so that a doubt
    between complaint, opinion and enquiry costs the customer nothing.
    """
    if prediction is None or decision.state is not State.DISPATCHED or decision.made_by is not Made.MODEL or decision.threshold is None:
        return decision
    chance = dict(prediction.demand_types).get(decision.demand_type or "", 0.0)
    if chance >= decision.threshold:
        return decision
    likeliest = say(", ").join(f"{rules.demand_types[label]} {p:.2f}" for label, p in prediction.demand_types[:2] if label in rules.demand_types)
    return replace(
        decision,
        demand_type=None,
        reasons=(*decision.reasons, say("The demand type is to be confirmed ({likeliest}); timed as a complaint until then", likeliest=likeliest)),
    )


def _end_at_once(complaint: Complaint, decision: Decision) -> Decision:
    """An answer given in the call, or a referral to whoever is responsible, ends the ticket at once."""
    if complaint.answer:
        return replace(
            decision,
            state=State.ANSWERED,
            is_watched=False,
            reasons=(*decision.reasons, say("Replied by the agent during the call, answered at once")),
        )
    if complaint.owner:
        return replace(
            decision,
            state=State.REFERRED,
            is_watched=False,
            reasons=(*decision.reasons, say("Not the supplier's responsibility, referred to: {owner}", owner=complaint.owner)),
        )
    return decision
