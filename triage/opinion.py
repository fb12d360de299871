"""A second opinion of the model on a ticket that a department returned (退单)."""

from dataclasses import dataclass

from triage.prediction import Prediction
from triage.rules import Rules
from triage.tickets import Ticket


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
        return SecondOpinion(None, None, None, 0.0, ("没有可用的分类模型，无法复看",), None)
    kind = ticket.demand_type or next((label for label, _ in prediction.demand_types if label in rules.demand_types), "")
    chances: dict[str, float] = {}
    first: dict[str, str] = {}
    for topic, p in prediction.topics:
        department = rules.lead(kind, topic).department if topic in rules.topics else None
        if department and department != ticket.department:
            chances[department] = chances.get(department, 0.0) + p
            first.setdefault(department, topic)
    if not chances:
        return SecondOpinion(None, None, None, 0.0, (f"模型 {prediction.model_version} 复看：没有其他部门的可能",), prediction)
    best = max(chances, key=lambda department: chances[department])
    share, topic = chances[best] / sum(chances.values()), first[best]
    said = f"模型 {prediction.model_version} 复看：退单部门之外最可能是{rules.departments[best]}（{share:.2f}），主题“{rules.topics[topic].name}”"
    return SecondOpinion(topic, kind or None, best, share, (said,), prediction)
