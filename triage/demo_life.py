"""The life of one ticket in the demo's past: a generator that names the moment of its next step, and then takes it by the product's own moves."""

from collections.abc import Generator
from datetime import datetime, timedelta

from triage.demo_acting import LONG, Acting, Steps, Stopped
from triage.intake import receive
from triage.moves import WITH_DISPATCHER
from triage.people import User
from triage.routing import EXTERNAL
from triage.terms import Asked, Finding, Reached, Role, Satisfaction, State, Step

PLEASED = ((Satisfaction.VERY, 62), (Satisfaction.SATISFIED, 36), (Satisfaction.NEUTRAL, 2))
CROSS = ((Satisfaction.SPEED, 5), (Satisfaction.QUALITY, 3), (Satisfaction.NOT_REPAIRED, 4), (Satisfaction.ATTITUDE, 1), (Satisfaction.OTHER, 2))
CROSS_IF_LATE, CROSS_IF_REFUSED = 0.16, 0.03
TRIES = 3


class Life(Acting):
    """One call, its ticket and all that follows; `steps` is run by `triage.demo_history`."""

    def steps(self) -> Steps:
        """Take the call, and all that follows."""
        self.at = yield self.call.at
        contact = self._contact()
        agent = self.office.any_of(Role.AGENT, self.dice).username
        (self.ticket,) = receive(contact, predict=self.office.predict, rules=self.office.rules, store=self.office.store, now=self.at, actor=agent)
        self.office.opened += 1
        try:
            yield from self._way()
        except Stopped:
            return

    # --- the way

    def _way(self) -> Steps:
        if self.one.is_watched:
            yield from self._after(1, 9)
            self._do("acknowledge", Role.DISPATCHER)
        if (yield from self._merged()) or (yield from self._sent()):
            return
        for turn in range(3):
            yield from self._worked_on(turn)
            if self.one.state is State.WITHDRAWN:
                return
            yield from self._told()
            if self.one.state is not State.DISPATCHED:
                break
        yield from self._afterwards()

    def _merged(self) -> Generator[datetime, datetime, bool]:
        """A storm's calls go into its first one, most of them; gives whether this one did."""
        store, storm = self.office.store, self.call.storm
        parent = store.find_ticket(self.office.storms.get(storm, "")) if storm else None
        if storm and parent is None:
            self.office.storms[storm] = self.one.number
        if parent is None or self.dice.random() > 0.65:
            return False
        yield from self._after(4, 25)
        if self.one.state not in (*WITH_DISPATCHER, State.DISPATCHED, State.ACCEPTED) or store.ticket(parent.number).state.is_end:
            return False
        self._do("merge", Role.DISPATCHER, parent=parent.number)
        yield from self._after(4320, 8640)
        if self._asked(Asked.INFORM):
            yield from self._until(self.office.awake(self.at))
            self._do("inform", Role.AGENT, note=self._say("inform"))
        return True

    def _sent(self) -> Generator[datetime, datetime, bool]:
        """The dispatcher decides what waits; gives whether the ticket is over then."""
        if self.one.state in WITH_DISPATCHER:
            self._stop("dispatch")
            yield from self._after(2, 26 if self._is(0.12) else 15)
            if self.one.state in WITH_DISPATCHER:
                self._dispatch()
        return self.one.state.is_end

    def _dispatch(self) -> None:
        about, rules = self.call.about, self.office.rules
        if rules.lead(about.demand_type, about.topic).department == EXTERNAL:
            self._do("refer", Role.DISPATCHER, owner=self._say("owner"))
            return
        unit = self.one.unit_code or (self.call.customer.unit_code if self.call.customer else "")
        if not unit:
            raise Stopped
        self._do("dispatch", Role.DISPATCHER, topic=about.topic, demand_type=about.demand_type, unit_code=unit)

    def _worked_on(self, turn: int) -> Steps:
        """The department takes it, and works until it is resolved."""
        yield from self._taken(turn)
        if not turn and self._is(0.03):
            yield from self._after(20, 200)
            self._do("withdraw", Role.AGENT, reason=self._say("withdraw"))
            return
        if not self.one.demand_type:
            self._do("set_type", self._lead(), demand_type=self.call.about.demand_type, reason=self._say("set_type"))
        yield from self._visited()
        yield from self._helped()
        yield from self._chased()
        yield from self._resolved()

    def _taken(self, turn: int) -> Steps:
        self._stop("accept")
        yield from self._step(Step.ACCEPT, 0.05, 0.8, lateness=0.5)
        wrong = self.one.department != self.office.rules.lead(self.call.about.demand_type, self.call.about.topic).department
        may_return = not self.one.returns and not turn and self.one.state is State.DISPATCHED
        if may_return and self._is(max(0.6 * wrong, self._share("returned"), self.call.stops_at == "return")):
            self._do("return", self._lead(), return_reason="not_our_department", reason=self._say("return_reason"))
            self._stop("return")
            yield from self._after(4, 18)
            if (yield from self._sent()):
                raise Stopped
            yield from self._step(Step.ACCEPT, 0.05, 0.8, lateness=0.5)
        who = self._lead()
        self._do("accept", who)
        if who.department == self.one.department and who.unit_code == self.one.team_unit and self._is(0.3):
            yield from self._after(1, 6)
            self._do("assign", who, assignee=who.username)

    def _visited(self) -> Steps:
        """Contact, or arrival where somebody has to come; sometimes the customer wants another day."""
        dues = self._dues()
        if Step.ARRIVE in dues:
            self._stop("arrive")
            yield from self._step(Step.ARRIVE, 0.3, 0.95, lateness=7 if self.call.storm else 1)
            self._do("arrive", self._lead())
        elif Step.CONTACT in dues:
            self._stop("contact")
            yield from self._step(Step.CONTACT, 0.05, 0.85)
            self._do("contact", self._lead())
            if self._is(0.04):
                until = self.office.next_desk(self.at + timedelta(days=self.dice.randrange(1, 4)))
                self._do("pause", self._lead(), pause_kind="appointed", until=until.isoformat(), reason=self._say("pause"))

    def _helped(self) -> Steps:
        """Those who were asked to help answer, or are not asked any more."""
        for asked in self.office.store.co_handlings_of(self.one.number):
            if asked.is_open:
                yield from self._after(15, 90)
                helper = self.office.helper_of(asked)
                if helper:
                    self._do("co_reply", helper, reply=self._say("co_reply"))
                else:
                    self._do("co_cancel", self._lead(), co_department=asked.department, reason=self._say("co_cancel"))

    def _chased(self) -> Steps:
        """Some customers call again (催办, 补充); some departments ask for time (延期)."""
        wants_time = self.call.stops_at == "extension" or self._is(0.03)
        due = self._dues().get(Step.RESOLVE)
        if wants_time and due and due - self.at > LONG and self.one.demand_type != "praise":
            yield from self._until(self.office.at_desk(self.at + (due - self.at) * 0.6, self.at))
            self._do("ask_extension", self._lead(), amount="2", reason=self._say("extension"))
            self._stop("extension")
            yield from self._after(20, 200)
            self._decide_extension()
        elif self._is(0.07):
            yield from self._part_of_the_way(0.5)
            self._do("chase", Role.AGENT, reason=self._say("chase"))
            yield from self._after(10, 100)
            self._do("answer_chase", self._lead(), reply=self._say("chase_answer"))
        elif self._is(0.03):
            yield from self._part_of_the_way(0.3)
            self._do("supplement", Role.AGENT, supplement=self._say("supplement"))

    def _decide_extension(self) -> None:
        rule = self.office.rules.extension_rules.get(self.one.demand_type or "") or self.office.rules.extension_rules["*"]
        who = self.office.leader_of(self.one) if rule.granted_by is Role.LEADER else self.office.any_of(Role.DISPATCHER, self.dice)
        asked = self._asked(Asked.EXTENSION)
        if who is None or asked is None or asked.asked_by == who.username:
            return
        if self._is(0.75):
            self._do("grant_extension", who)
        else:
            self._do("refuse_extension", who, reason=self._say("refuse"))

    def _resolved(self) -> Steps:
        self._stop("resolve")
        yield from self._step(Step.RESOLVE, 0.15, 0.93)
        self._resolve()
        self._stop("review")
        yield from self._step(Step.REVIEW, 0.02, 0.5, lateness=0.3)
        if self._is(0.04):
            self._do("send_back", Role.DISPATCHER, reason=self._say("send_back"))
            yield from self._after(60, 400)
            self._resolve()
            yield from self._after(30, 200)
        self._do("review", Role.DISPATCHER)

    def _resolve(self) -> None:
        is_fault = self.one.demand_type == "fault"
        finding = self.dice.choices(tuple(Finding), (90, 5, 5) if is_fault else (45, 22, 33))[0]
        kind = "reply_refused" if finding is Finding.NOT_UPHELD else "reply_fault" if is_fault else "reply_upheld"
        self._do("resolve", self._lead(), finding=finding.value, reply=self._say(kind))

    def _told(self) -> Steps:
        """The customer is called back, perhaps not at the first try; who is dissatisfied may have it opened again."""
        self._stop("callback")
        while Step.CALLBACK in self._dues() and self.one.state is State.REVIEWED:
            if self.one.attempts:
                yield from self._until(self.office.awake(self.at + timedelta(minutes=self.dice.randrange(125, 300))))
            else:
                yield from self._step(Step.CALLBACK, 0.05, 0.7, lateness=0.4, is_call=True)
            if self.one.attempts >= TRIES:
                break
            if self._is(0.13):
                self._do("attempt", Role.AGENT, result=self.dice.choice(tuple(Reached)[:3]).value)
            else:
                self._do("callback", Role.AGENT, satisfaction=self._answer().value)
        yield from self._after(1, 9)
        if self.one.satisfaction >= Satisfaction.ATTITUDE and not self.one.reopenings and self._is(0.6):
            self._do("reopen", Role.AGENT, reason=self._say("reopen"))
        else:
            self._do("close", Role.AGENT)

    def _answer(self) -> Satisfaction:
        cross = self._share("dissatisfied") + CROSS_IF_LATE * self.is_late + CROSS_IF_REFUSED * (self.one.finding == Finding.NOT_UPHELD)
        answers, weights = zip(*(CROSS if self._is(cross) else PLEASED), strict=True)
        return Satisfaction(self.dice.choices(answers, weights)[0])

    def _afterwards(self) -> Steps:
        """What is asked for when it is over: exemption after a storm, an appeal, and whether somebody calls for the sake of calling."""
        leader = self.office.leader_of(self.one)
        if leader is None or self.one.state is not State.CLOSED:
            return
        if self.call.storm and self.is_late:
            self._do("ask_exemption", leader, exemption_reason="force_majeure", reason=self._say("exemption"))
            yield from self._until(self.office.next_desk(self.at + timedelta(hours=5)))
            self._do("grant_exemption", Role.AUDITOR)
        elif self.one.finding == Finding.UPHELD and self.one.demand_type == "complaint" and self._is(0.08):
            yield from self._until(self.at + timedelta(hours=3))
            yield from self._appealed(leader)
        elif self._is(0.006):
            self._do("ask_malicious", Role.AGENT, reason=self._say("malicious"))
            yield from self._until(self.office.next_desk(self.at + timedelta(hours=20)))
            self._do("grant_malicious", Role.AUDITOR)

    def _appealed(self, leader: User) -> Steps:
        standing = self.office.store.standing(self.one, leader, self.at)
        days = self.office.rules.number("appeal_days", 5)
        if standing.resolved_at is None or self.at > standing.resolved_at + timedelta(days=days):
            return
        self._do("appeal", leader, finding=Finding.NOT_UPHELD.value, reason=self._say("appeal"))
        yield from self._until(self.office.next_desk(self.at + timedelta(hours=26)))
        self._do(self.dice.choice(("grant_appeal", "refuse_appeal")), Role.AUDITOR, reason=self._say("appeal_answer"))
