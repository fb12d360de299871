"""What the lives of the demo's past are made of: waiting for a moment, making a move as somebody, and chance."""

from collections.abc import Generator
from datetime import datetime, timedelta
from random import Random

from triage.complaint import Contact, read_contact
from triage.demo_calls import Call, phrases
from triage.demo_office import Office
from triage.lifecycle import act
from triage.people import User
from triage.routing import EXTERNAL
from triage.terms import Asked, Role, Step
from triage.tickets import Request, Ticket

Steps = Generator[datetime, datetime, None]
MINUTE, LONG = timedelta(minutes=1), timedelta(hours=8)
DESK_SURE = 0.3  # of the calls: the agent chooses topic and type
AT_ONCE = {"enquiry": 0.45}  # of such calls: answered at once
DIFFERS = 0.15  # of the agent's choices: another type than most people would say, so that 人工改派率 has something to show
OTHER_TYPE = {"complaint": "opinion", "opinion": "complaint", "suggestion": "opinion", "enquiry": "request", "request": "enquiry"}


class Stopped(Exception):
    """The ticket waits for a step: that is how the past ends for it."""


class Acting:
    """Somebody's call and its ticket; `at` is the moment that has come."""

    def __init__(self, call: Call, office: Office, key: str, dice: Random) -> None:
        """Keep who calls about what, who works, the contact's key, and the dice of this life alone."""
        self.call, self.office, self.key, self.dice = call, office, key, dice
        self.at, self.is_late = call.at, False
        self.ticket: Ticket | None = None

    @property
    def one(self) -> Ticket:
        """The ticket as it stands."""
        assert self.ticket is not None  # the first step opens it
        return self.ticket

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.ticket is not None and not self.ticket.state.is_end

    def _contact(self) -> Contact:
        call, customer = self.call, self.call.customer
        values = {"channel": call.channel.value, "submission_key": self.key, "complaints": [{"text": call.text, **self._chosen()}]}
        if customer:
            values |= {"caller_name": customer.name, "phone": customer.phone, "customer_number": customer.number, "address": customer.address}
        return read_contact(values)

    def _chosen(self) -> dict[str, str]:
        """What the agent says beside the text: topic and type, an answer at once, or who else answers for it."""
        about, labels = self.call.about, {"topic": self.call.about.topic, "demand_type": self.call.about.demand_type}
        if self.call.stops_at or self.call.storm:
            return {}
        if self.office.rules.lead(about.demand_type, about.topic).department == EXTERNAL:
            return {**labels, "owner": self._say("owner")} if self._is(0.75) else {}
        if self._is(AT_ONCE.get(about.demand_type, 0.0)):
            return {**labels, "answer": self._say("answer")}
        if self._is(DIFFERS):
            labels["demand_type"] = OTHER_TYPE.get(about.demand_type, about.demand_type)
        return labels if self._is(DESK_SURE) else {}

    def _do(self, code: str, by: User | Role, **values: str) -> None:
        office = self.office
        user = by if isinstance(by, User) else office.any_of(by, self.dice)
        given = {"user": user, "version": self.one.version, "store": office.store, "rules": office.rules, "now": self.at}
        self.ticket = act(self.one.number, code, values, predict=office.predict, **given)  # type: ignore[arg-type]

    def _lead(self) -> User:
        """Who works on it; where nobody does, it waits for ever."""
        found = self.office.lead_of(self.one)
        if found is None:
            raise Stopped
        return found

    def _until(self, moment: datetime) -> Steps:
        self.at = yield max(moment, self.at + MINUTE)
        self.ticket = self.office.store.ticket(self.one.number)

    def _after(self, fewest: int, most: int) -> Steps:
        yield from self._until(self.at + timedelta(seconds=self.dice.randrange(60 * fewest, 60 * most)))

    def _step(self, step: Step, low: float, high: float, *, lateness: float = 1.0, is_call: bool = False) -> Steps:
        """Wait for the moment of a step: within its limit, or past it as often as the unit is late."""
        due = self._dues().get(step)
        if due is None or due <= self.at:
            yield from self._after(5, 50)
            return
        is_late = not self.call.stops_at and self._is(lateness * self._share("late"))
        self.is_late |= is_late and step in (Step.ARRIVE, Step.RESOLVE)
        part = self.dice.uniform(1.05, 1.7) if is_late else self.dice.uniform(low, high)
        moment = self.at + (due - self.at) * part
        if is_call:
            moment = self.office.awake(moment)
        elif due - self.at > LONG:
            moment = self.office.next_desk(moment) if is_late else self.office.at_desk(moment, self.at)
        yield from self._until(moment)

    def _part_of_the_way(self, part: float) -> Steps:
        due = self._dues().get(Step.RESOLVE)
        yield from self._until(self.at + max(due - self.at, 10 * MINUTE) * part if due else self.at + 30 * MINUTE)

    def _stop(self, step: str) -> None:
        if self.call.stops_at == step:
            raise Stopped

    def _dues(self) -> dict[Step, datetime]:
        return self.office.store.dues(self.one.number)

    def _asked(self, kind: Asked) -> Request | None:
        return next((one for one in self.office.store.requests_of(self.one.number) if one.kind is kind and one.decided_at is None), None)

    def _share(self, name: str) -> float:
        return self.office.quality(self.one.unit_code).share(name, self.office.now - self.at)

    def _is(self, share: float) -> bool:
        return self.dice.random() < share

    def _say(self, kind: str) -> str:
        return self.dice.choice(phrases()[kind])
