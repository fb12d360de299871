"""What the store knows when a contact comes in, and keeping a contact with its tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from triage.complaint import Contact, Context, Customer, EarlierCall
from triage.moments import in_shanghai
from triage.routing import Decision, team_unit
from triage.rules import Rules
from triage.similarity import normal_address
from triage.store.audit import Audit
from triage.store.base import to_json
from triage.store.beside import Beside
from triage.store.clockwork import Clockwork
from triage.store.outages import Outages
from triage.store.queries import Queries
from triage.store.search import Search
from triage.store.shifts import Shifts
from triage.store.sql import block
from triage.terms import Linked, Locality, Made, State, Step, Watch
from triage.tickets import UNKNOWN_TYPE, Demand, Opening, Start, Ticket, department_starts, due, limit_of, starts
from triage.wording import say

CUSTOMER = block("""
    SELECT number, unit_code, locality, key_kind
    FROM customers
    WHERE number = :number""")
AREA = block("""
    SELECT keyword, unit_code, locality
    FROM areas
    WHERE :address LIKE '%' || keyword || '%'
    ORDER BY LENGTH(keyword) DESC, keyword
    LIMIT 1""")
EARLIER = block("""
    SELECT tickets.number, tickets.topic, tickets.received_at, tickets.text,
        :customer_number <> '' AND contacts.customer_number = :customer_number AS is_same_customer,
        :phone_digest <> '' AND contacts.phone_digest = :phone_digest AS is_same_phone,
        :address_digest <> '' AND contacts.address_digest = :address_digest AS is_same_address
    FROM tickets
    JOIN contacts ON contacts.id = tickets.contact_id
    WHERE contacts.received_at >= :since
        AND ((:customer_number <> '' AND contacts.customer_number = :customer_number)
            OR (:phone_digest <> '' AND contacts.phone_digest = :phone_digest)
            OR (:address_digest <> '' AND contacts.address_digest = :address_digest))
    ORDER BY tickets.received_at DESC, tickets.number DESC
    LIMIT 20""")
TEAMS = block("""
    SELECT unit_code, department_code
    FROM teams""")
PARENTS = block("""
    SELECT code, parent_code
    FROM units""")
BY_KEY = block("""
    SELECT id
    FROM contacts
    WHERE submission_key = :submission_key""")
NEXT_SERIAL = block("""
    INSERT INTO counters (name, value)
    VALUES (:name, 1)
    ON CONFLICT (name) DO UPDATE SET value = counters.value + 1
    RETURNING value""")
ADD_CONTACT = block("""
    INSERT INTO contacts (submission_key, channel, caller_name, phone, phone_digest, customer_number, address, address_digest, actor,
        is_confidential, relation, callback_phone, call_id, recording, received_at)
    VALUES (:submission_key, :channel, :caller_name, :phone, :phone_digest, :customer_number, :address, :address_digest, :actor,
        :is_confidential, :relation, :callback_phone, :call_id, :recording, :now)
    RETURNING id""")
ADD_TICKET = block("""
    INSERT INTO tickets (number, contact_id, text, state, level, queue_rank, demand_type, topic, department, unit_code, team_unit, locality, channel,
        received_at, version, is_confidential, is_watched, is_confirmed, reply, owner, closed_at, outage_number)
    VALUES (:number, :contact_id, :text, :state, :level, :queue_rank, :demand_type, :topic, :department, :unit_code, :team_unit, :locality, :channel,
        :now, 1, :is_confidential, :is_watched, TRUE, :reply, :owner, :closed_at, :outage_number)""")
ADD_PREDICTION = block("""
    INSERT INTO predictions (ticket_number, model_version, topics_json, demand_types_json, words_json, threshold, made_at)
    VALUES (:number, :model_version, :topics_json, :demand_types_json, :words_json, :threshold, :now)""")
ADD_DECISION = block("""
    INSERT INTO decisions (ticket_number, made_by, actor, demand_type, topic, department, unit_code, team_unit, level, outcome, reasons_json,
        attention_json, co_departments_json, earlier_json, model_version, confidence, threshold, made_at)
    VALUES (:number, :made_by, :actor, :demand_type, :topic, :department, :unit_code, :team_unit, :level, :outcome, :reasons_json,
        :attention_json, :co_departments_json, :earlier_json, :model_version, :confidence, :threshold, :now)""")


class Intake(Queries, Clockwork, Audit, Beside, Outages, Search, Shifts):
    """Gives the context of a contact and opens its tickets."""

    def context(self, contact: Contact, rules: Rules, now: datetime) -> Context:
        """Give the customer, the unit by address, the earlier calls within the window, and the units' teams."""
        area = self.row(AREA, address=contact.address) if contact.address else None
        since = now - timedelta(days=rules.repeat_window_days)
        digest = self.digest(contact.phone) if contact.phone else ""
        parents, teams = self.teams_and_parents()
        place = self._place_digest(contact.address)
        earlier = self.rows(EARLIER, customer_number=contact.customer_number, phone_digest=digest, address_digest=place, since=since)
        return Context(
            customer=self._customer(contact.customer_number),
            area_unit=area["unit_code"] if area else "",
            area_locality=Locality(area["locality"]) if area else None,
            earlier=tuple(EarlierCall(**row) for row in earlier),
            parents=parents,
            teams=teams,
            outages=self.outage_context(contact.customer_number, contact.address, now, area["unit_code"] if area else contact.unit_code),
        )

    def _place_digest(self, address: str) -> str:
        """Give the keyed digest of an address in its one form; empty where the address names no door (no number in it)."""
        place = normal_address(address)
        return self.digest(place) if any(character.isdigit() for character in place) else ""

    def _customer(self, number: str) -> Customer | None:
        row = self.row(CUSTOMER, number=number) if number else None
        return Customer(row["number"], row["unit_code"], Locality(row["locality"]) if row["locality"] else None, row["key_kind"]) if row else None

    def open_tickets(self, contact: Contact, openings: Sequence[Opening], rules: Rules, now: datetime, actor: str) -> tuple[Ticket, ...]:
        """Keep contact, complaints, predictions, decisions, clocks and first audit entries in one transaction.

        A contact whose `submission_key` is there already is not kept again: its tickets are given.
        """
        known = self._opened_before(contact)
        if known:
            return known
        try:
            with self.writing():
                contact_id = self._add_contact(contact, openings, now, actor)
                numbers = [self._open(contact, contact_id, opening, rules, now, actor) for opening in openings]
        except IntegrityError:
            known = self._opened_before(contact)
            if known:
                return known
            raise
        return tuple(self.ticket(number) for number in numbers)

    def is_submitted(self, submission_key: str) -> bool:
        """Say whether a contact of that key is kept already."""
        return self.value(BY_KEY, submission_key=submission_key) is not None

    def _opened_before(self, contact: Contact) -> tuple[Ticket, ...]:
        row = self.row(BY_KEY, submission_key=contact.submission_key) if contact.submission_key else None
        return self.tickets_of_contact(row["id"]) if row else ()

    def _add_contact(self, contact: Contact, openings: Sequence[Opening], now: datetime, actor: str) -> int:
        row = self.row(
            ADD_CONTACT,
            submission_key=contact.submission_key or None,
            channel=contact.channel.value,
            caller_name=contact.caller_name,
            phone=contact.phone,
            phone_digest=self.digest(contact.phone) if contact.phone else "",
            customer_number=contact.customer_number,
            address=contact.address,
            actor=actor,
            address_digest=self._place_digest(contact.address),
            is_confidential=any(opening.decision.is_confidential for opening in openings),
            relation=contact.relation.value,
            callback_phone=contact.callback_phone,
            call_id=contact.call_id,
            recording=contact.recording,
            now=now,
        )
        assert row is not None
        return int(row["id"])

    def _next_number(self, now: datetime) -> str:
        """Give the next ticket number, YYYYMMDD and eight digits; the counter's row is locked until the commit, so that no two are the same."""
        day = in_shanghai(now).strftime("%Y%m%d")
        return f"{day}{self.value(NEXT_SERIAL, name=f'ticket-{day}'):08d}"

    def _open(self, contact: Contact, contact_id: int, opening: Opening, rules: Rules, now: datetime, actor: str) -> str:
        decision, complaint, number = opening.decision, opening.complaint, self._next_number(now)
        self.run(
            ADD_TICKET,
            number=number,
            contact_id=contact_id,
            text=complaint.text,
            state=decision.state.value,
            level=decision.level.value,
            queue_rank=min(decision.level.rank, 1),
            demand_type=decision.demand_type,
            topic=decision.topic,
            department=decision.department,
            unit_code=decision.unit_code,
            team_unit=decision.team_unit,
            locality=decision.locality.value if decision.locality else None,
            channel=contact.channel.value,
            now=now,
            is_confidential=decision.is_confidential,
            is_watched=decision.is_watched,
            reply=complaint.answer,
            owner=complaint.owner,
            closed_at=now if decision.state.is_end else None,
            outage_number=decision.outage.number if decision.outage else None,
        )
        self._keep_prediction(number, opening, now)
        self.keep_decision(number, opening, now, actor)
        self._start(number, opening, contact, rules, now)
        for call in decision.earlier:
            self.link(number, call.number, Linked.REPEAT.value, now, "system", score=round(call.likeness, 4), reason=call.reason)
        self._first_entries(number, opening, now, actor)
        self.keep_words([number])
        return number

    def _keep_prediction(self, number: str, opening: Opening, now: datetime) -> None:
        made = opening.prediction
        if made:
            self.run(
                ADD_PREDICTION,
                number=number,
                model_version=made.model_version,
                topics_json=to_json([[label, round(p, 6)] for label, p in made.topics]),
                demand_types_json=to_json([[label, round(p, 6)] for label, p in made.demand_types]),
                words_json=to_json({head: [[word, round(w, 6)] for word, w in words] for head, words in made.words.items()}),
                threshold=made.threshold,
                now=now,
            )

    def keep_decision(self, number: str, opening: Opening, now: datetime, actor: str) -> None:
        """Keep a decision with its reasons, the model's version and who made it; a person's is a label to learn from."""
        made = opening.decision
        self.run(
            ADD_DECISION,
            number=number,
            made_by=made.made_by.value,
            actor=actor,
            demand_type=made.demand_type,
            topic=made.topic,
            department=made.department,
            unit_code=made.unit_code,
            team_unit=made.team_unit,
            level=made.level.value,
            outcome=made.state.value,
            reasons_json=to_json(made.reasons),
            attention_json=to_json([[a.rule, a.name, a.evidence] for a in made.attention]),
            co_departments_json=to_json(made.co_departments),
            earlier_json=to_json([call.number for call in made.earlier]),
            model_version=opening.prediction.model_version if opening.prediction else None,
            confidence=made.confidence,
            threshold=made.threshold,
            now=now,
        )

    def _start(self, number: str, opening: Opening, contact: Contact, rules: Rules, now: datetime) -> None:
        decision = opening.decision
        where = decision.team_unit or decision.unit_code
        demand = Demand(decision.demand_type or UNKNOWN_TYPE, decision.topic, decision.locality, contact.channel, where)
        begun = list(starts("received", demand, rules, now))
        self.start_clocks(number, begun, decision.department, decision.team_unit)
        if decision.state is State.DISPATCHED:
            self.end_steps(number, [Step.DISPATCH], rules, now, by_machine=decision.made_by in (Made.MODEL, Made.RULE))
            own = [
                *starts("dispatched", demand, rules, now),
                *department_starts([s.step for s in begun], demand, rules, now),
            ]
            self.start_clocks(number, own, decision.department, decision.team_unit)
            self.give_to_crew_on_duty(number, decision.team_unit, decision.department, now)
            self._ask_those_named(number, decision, demand, rules, now)
        elif decision.state.is_end:
            self.void_steps(number, [Step.DISPATCH, Step.ARRIVE], now)
            self.end_steps(number, [Step.CONTACT, Step.RESOLVE], rules, now)
        self.set_next_deadline(number)

    def _ask_those_named(self, number: str, decision: Decision, demand: Demand, rules: Rules, now: datetime) -> None:
        """Ask the departments that an attention rule names for help at once (协办)."""
        for department in decision.co_departments:
            parents, teams = self.teams_and_parents()
            unit = team_unit(decision.unit_code, department, parents, teams)
            if unit:
                self.start_help(number, department, unit, say("Co-handling by attention rule"), demand, rules, now, "system")

    def start_help(self, number: str, department: str, unit: str, task: str, demand: Demand, rules: Rules, now: datetime, actor: str) -> None:
        """Ask a department for help, and start its clock."""
        row = self.ask_help(number, department, unit, task, now, actor)
        limit = limit_of(Step.CO_HANDLE, demand, rules, now)
        if limit:
            ends = due(limit, now, replace(demand, unit_code=unit), rules)
            self.start_clocks(number, [Start(Step.CO_HANDLE, Watch.DEPARTMENT, limit, ends, now, limit.from_event)], department, unit, row)

    def teams_and_parents(self) -> tuple[Mapping[str, str], frozenset[tuple[str, str]]]:
        """Give each unit's parent, and which unit has a team of which department."""
        parents = {row["code"]: row["parent_code"] for row in self.rows(PARENTS)}
        return parents, frozenset((row["unit_code"], row["department_code"]) for row in self.rows(TEAMS))

    def _first_entries(self, number: str, opening: Opening, now: datetime, actor: str) -> None:
        decision, complaint = opening.decision, opening.complaint
        self.append_audit(number, "receive", actor, now, states=(None, "received"), notes={"text": complaint.text})
        detail = {
            "made_by": decision.made_by.value,
            "topic": decision.topic,
            "demand_type": decision.demand_type,
            "department": decision.department,
            "team_unit": decision.team_unit,
            "level": decision.level.value,
            "confidence": decision.confidence,
            "model_version": opening.prediction.model_version if opening.prediction else None,
        }
        self.append_audit(
            number,
            "decide",
            "system" if decision.made_by in (Made.MODEL, Made.RULE) else actor,
            now,
            states=("received", decision.state.value),
            detail=detail,
            notes={"reasons": say("; ").join(decision.reasons), "reply": complaint.answer, "owner": complaint.owner},
        )
