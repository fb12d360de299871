"""A second opinion of the model on a ticket that a department returned (退单)."""

from dataclasses import dataclass

from triage.prediction import Prediction
from triage.rules import Rules
from triage.tickets import Ticket
from triage.wording import say


@dataclass(frozen=True)
class SecondOpinion:
    """What the model thinks of a ticket that a department returned, once that department is left out."""

    topic: str | None
    demand_type: str | None
    department: str | None
    chance: float
    reasons: tuple[str, ...]
    prediction: Prediction | None


def second_opinion(ticket: Ticket, prediction: Prediction | None, rules: Rules) -> SecondOpinion:
    """Give the likeliest department other than the one that returned the ticket (退单), and how likely it would be then.

    The chances of the topics that lead elsewhere are taken by themselves: the department has said that it is not its own.
    """
    if prediction is None:
        return SecondOpinion(None, None, None, 0.0, (say("There is no classification model for a second look"),), None)
    kind = ticket.demand_type or next((label for label, _ in prediction.demand_types if label in rules.demand_types), "")
    chances: dict[str, float] = {}
    first: dict[str, str] = {}
    for topic, p in prediction.topics:
        department = rules.lead(kind, topic).department if topic in rules.topics else None
        if department and department != ticket.department:
            chances[department] = chances.get(department, 0.0) + p
            first.setdefault(department, topic)
    if not chances:
        return SecondOpinion(
            None,
            None,
            None,
            0.0,
            (say("Second look by model {version}: no other department is likely", version=prediction.model_version),),
            prediction,
        )
    best = max(chances, key=lambda department: chances[department])
    share, topic = chances[best] / sum(chances.values()), first[best]
    said = say(
        "Second look by model {version}: apart from the department that returned it, most likely {department} ({share:.2f}), topic “{topic}”",
        version=prediction.model_version,
        department=rules.departments[best],
        share=share,
        topic=rules.topics[topic].name,
    )
    return SecondOpinion(topic, kind or None, best, share, (said,), prediction)
