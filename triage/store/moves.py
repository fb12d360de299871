"""Keeping a move: state, what it brings about, clocks, decision, audit entry and notes in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping

from triage.errors import Conflict, InvalidInput, Problem
from triage.moves import TEXTS, UNDO_OF, Move
from triage.opinion import SecondOpinion
from triage.people import User, helps, leads
from triage.routing import team_unit
from triage.rules import Rules
from triage.standing import Standing, Undoable
from triage.store.base import to_json
from triage.store.effects import Made as Kept
from triage.store.effects import bring_about
from triage.store.intake import ADD_DECISION, ADD_PREDICTION, Intake
from triage.store.organisation import Organisation
from triage.store.sql import block
from triage.store.undoing import Undoing
from triage.terms import Asked, Made, State, Step, Watch
from triage.tickets import OF_DEPARTMENT, Ticket, department_starts, starts
from triage.wording import say

if TYPE_CHECKING:
    from triage.lifecycle import Place, Plan

SET_STATE = block("""
    UPDATE tickets
    SET state = :state, version = version + 1, is_watched = :is_watched, reply = :reply, finding = :finding, owner = :owner,
        satisfaction = :satisfaction, closed_at = :closed_at
    WHERE number = :number AND version = :version""")
SET_PLACE = block("""
    UPDATE tickets
    SET topic = :topic, demand_type = :demand_type, department = :department, unit_code = :unit_code, team_unit = :team_unit,
        is_confidential = :is_confidential
    WHERE number = :number""")
OPEN_STEPS = block("""
    SELECT step, MIN(due_at) AS due_at
    FROM steps
    WHERE ticket_number = :number AND watch = 'customer' AND ended_at IS NULL AND voided_at IS NULL
    GROUP BY step""")
NOT_PAUSED = block("""
    UPDATE tickets
    SET paused_until_at = NULL
    WHERE number = :number""")
RESOLVED = block("""
    SELECT MAX(ended_at) AS ended_at
    FROM steps
    WHERE ticket_number = :number AND watch = 'customer' AND step = 'resolve' AND voided_at IS NULL""")
REACHABLE = block("""
    SELECT 1
    FROM contacts
    LEFT JOIN customers ON customers.number = contacts.customer_number
    WHERE contacts.id = :contact_id AND (contacts.phone <> '' OR contacts.callback_phone <> '' OR COALESCE(customers.phone, '') <> '')""")
NAMED_TO_HELP = block("""
    SELECT co_departments_json
    FROM decisions
    WHERE ticket_number = :number
    ORDER BY id""")
IN_TEAM = block("""
    SELECT 1
    FROM users
    WHERE username = :username AND is_active AND unit_code = :unit_code AND department_code IN ('', :department)""")
CREW_IN_TEAM = block("""
    SELECT 1
    FROM crews
    WHERE code = :crew AND is_active AND unit_code = :unit_code AND department = :department""")
MOVES_SINCE = block("""
    SELECT action, actor, happened_at, detail_json
    FROM audit
    WHERE ticket_number = :number
    ORDER BY seq DESC
    LIMIT 30""")


class Moves(Intake, Undoing, Organisation):
    """Keeps moves."""

    def dues(self, number: str) -> dict[Step, datetime]:
        """Give the steps that the customer still waits for, with their deadlines."""
        return {Step(row["step"]): row["due_at"] for row in self.rows(OPEN_STEPS, number=number)}

    def standing(self, ticket: Ticket, user: User, now: datetime) -> Standing:
        """Give how things stand with a ticket for a user."""
        requests, asked_to_help = self.requests_of(ticket.number), self.co_handlings_of(ticket.number)
        mine, claimed = helps(user, asked_to_help, self) if asked_to_help else None, self.claimed(ticket.number, now)
        attempts = self.attempts_of(ticket.number) if ticket.attempts else ()
        return Standing(
            now=now,
            dues=self.dues(ticket.number),
            asked={one.kind: one for one in requests if one.decided_at is None},
            appealed=any(one.kind is Asked.APPEAL and one.answer in ("granted", "refused") for one in requests),
            is_paused=ticket.is_paused(now),
            co_handlings=tuple(one for one in asked_to_help if one.is_open),
            leads=leads(user, ticket, self),
            mine=mine if mine and mine.is_open else None,
            undoable=self._undoable_by(ticket, user),
            tried_at=attempts[-1]["tried_at"] if attempts else None,
            resolved_at=self.value(RESOLVED, number=ticket.number),
            is_reachable=self.value(REACHABLE, contact_id=ticket.contact_id) is not None,
            claimed_by=claimed["username"] if claimed and claimed["username"] != user.username else "",
        )

    def _undoable_by(self, ticket: Ticket, user: User) -> Undoable | None:
        codes = (code for code, move in UNDO_OF.items() if ticket.state in move.sources and user.role in move.roles)
        return next((self.undoable(ticket.number, code) for code in codes), None)

    def moves_since(self, number: str, version: int) -> Sequence[RowMapping]:
        """Give what was done to a ticket after a version of it was read, from the first."""
        rows = self.rows(MOVES_SINCE, number=number)
        return [row for row in reversed(rows) if int(json.loads(row["detail_json"]).get("version", 0)) > version]

    def check_assignment(self, ticket: Ticket, assignee: str, crew: str) -> None:
        """See that who is to work on a ticket belongs to its team.

        Raises:
            InvalidInput: no such active user or crew in the team.
        """
        team = {"unit_code": ticket.team_unit, "department": ticket.department}
        if assignee and self.value(IN_TEAM, username=assignee, **team) is None:
            raise InvalidInput(Problem("assignee", say("Assignee: the team has no active user “{assignee}”", assignee=assignee)))
        if crew and self.value(CREW_IN_TEAM, crew=crew, **team) is None:
            raise InvalidInput(Problem("crew", say("Crew: the team has no crew “{crew}”", crew=crew)))

    def named_to_help(self, number: str) -> list[str]:
        """Give the departments that attention rules name to help (协办) with a ticket."""
        return list(dict.fromkeys(code for row in self.rows(NAMED_TO_HELP, number=number) for code in json.loads(row["co_departments_json"])))

    def team_for(self, unit: str | None, department: str, parents: Mapping[str, str], teams: frozenset[tuple[str, str]]) -> str | None:
        """Give the unit whose team of a department acts for a supply unit."""
        return team_unit(unit, department, parents, teams)

    def keep_move(self, ticket: Ticket, move: Move, fields: Mapping[str, str], plan: "Plan", rules: Rules, now: datetime, actor: str) -> None:
        """Keep a checked move.

        Raises:
            Conflict: the ticket's version is not the one that the move was checked against.
        """
        made = Kept(ticket, move, fields, plan, rules, now, actor)
        stood = self._stood(made) if move.code in UNDO_OF else {}
        self._set_state(made)
        if plan.place:
            self._set_place(made, plan.place)
        if move.resumes and self.resume(ticket.number, now):
            self.recompute(ticket.number, self.demand(ticket.number), rules, now)
        self._end_clocks(made)
        bring_about(self, made)
        self._start_clocks_of(made)
        self.release(ticket.number, actor)
        detail: dict[str, Any] = {name: value for name, value in fields.items() if name not in TEXTS and value} | {"version": ticket.version + 1}
        if plan.place:
            detail |= {"department": plan.place.department, "team_unit": plan.place.team_unit, "was": f"{ticket.demand_type}/{ticket.topic}"}
        detail |= stood
        notes = {name: fields[name] for name in TEXTS if name in fields}
        if plan.heard:
            detail["attention"] = list(plan.heard)
        if plan.opinion:
            notes["opinion"] = say("; ").join(plan.opinion.reasons)
        self.append_audit(ticket.number, move.code, actor, now, states=(ticket.state.value, made.target.value), detail=detail, notes=notes)
        if {"reply", "supplement"} & fields.keys():
            self.keep_words([ticket.number])

    def _stood(self, made: Kept) -> dict[str, Any]:
        """Give how everything stands before a move that can be taken back."""
        stood, parent = self.as_it_stands(made.ticket), made.plan.parent
        if parent:
            children = [child.number for child in self.children_of(made.number)]
            stood |= {"into": parent.number, "parent_level": parent.level.value, "children": children}
        return stood

    def _set_state(self, made: Kept) -> None:
        ticket, move, fields = made.ticket, made.move, made.fields
        target = made.target
        of_way = move.target is not None  # what is written beside the way (a reply to a chase, an appealed finding) does not replace the ticket's own
        changed = self.run(
            SET_STATE,
            number=ticket.number,
            version=ticket.version,
            state=target.value,
            is_watched=ticket.is_watched and not move.watched and not move.decides and not target.is_end,
            reply=(of_way and fields.get("reply")) or ticket.reply,
            finding=(of_way and fields.get("finding")) or ticket.finding,
            owner=fields.get("owner") or ticket.owner,
            satisfaction=fields.get("satisfaction") or ("" if move.code == "reopen" else ticket.satisfaction),
            closed_at=(ticket.closed_at or made.now) if target.is_end else None,
        )
        if changed != 1:
            raise Conflict(say("The ticket has just been changed by someone else; refresh the page, then act"))

    def _set_place(self, made: Kept, place: "Place") -> None:
        self.run(
            SET_PLACE,
            number=made.number,
            topic=place.topic,
            demand_type=place.demand_type,
            department=place.department,
            unit_code=place.unit_code,
            team_unit=place.team_unit,
            is_confidential=made.ticket.is_confidential or place.is_confidential,
        )
        reasons = [text for text in (say("Confirmed by a dispatcher"), place.reason, made.fields.get("reason")) if text]
        where = {name: getattr(place, name) for name in ("topic", "demand_type", "department", "unit_code", "team_unit")}
        self._keep_decision_of(made.ticket, Made.DISPATCHER, made.actor, where, State.DISPATCHED, reasons, made.now)

    def _keep_decision_of(
        self, ticket: Ticket, by: Made, actor: str, where: Mapping[str, str | None], outcome: State, reasons: Sequence[str], now: datetime
    ) -> None:
        self.run(
            ADD_DECISION,
            number=ticket.number,
            made_by=by.value,
            actor=actor,
            **where,
            level=ticket.level.value,
            outcome=outcome.value,
            reasons_json=to_json(reasons),
            attention_json="[]",
            co_departments_json="[]",
            earlier_json="[]",
            model_version=(self.prediction_of(ticket.number) or {}).get("model_version"),
            confidence=None,
            threshold=None,
            now=now,
        )

    def keep_opinion(self, ticket: Ticket, opinion: SecondOpinion, now: datetime) -> None:
        """Keep the model's second opinion on a returned ticket beside what it said first."""
        said = opinion.prediction
        if said:
            self.run(
                ADD_PREDICTION,
                number=ticket.number,
                model_version=said.model_version,
                topics_json=to_json([[label, round(p, 6)] for label, p in said.topics]),
                demand_types_json=to_json([[label, round(p, 6)] for label, p in said.demand_types]),
                words_json=to_json({head: [[word, round(w, 6)] for word, w in words] for head, words in said.words.items()}),
                threshold=said.threshold,
                now=now,
            )
        where = {
            "topic": opinion.topic,
            "demand_type": opinion.demand_type,
            "department": opinion.department,
            "unit_code": ticket.unit_code,
            "team_unit": None,
        }
        self._keep_decision_of(ticket, Made.SECOND, "system", where, State.RETURNED, opinion.reasons, now)

    def keep_typing(self, ticket: Ticket, fields: Mapping[str, str], now: datetime, actor: str) -> None:
        """Keep that the department said the demand type of a ticket that came without one."""
        where = {name: getattr(ticket, name) for name in ("topic", "department", "unit_code", "team_unit")}
        reasons = [say("Demand type set by the responsible department"), fields["reason"]]
        self._keep_decision_of(ticket, Made.DEPARTMENT, actor, {**where, "demand_type": fields["demand_type"]}, ticket.state, reasons, now)

    def resume(self, number: str, now: datetime) -> bool:
        """Let a ticket's clocks go on, and say whether they stood."""
        return self.end_pause(number, now) and bool(self.run(NOT_PAUSED, number=number))

    def _end_clocks(self, made: Kept) -> None:
        number, move, now = made.number, made.move, made.now
        self.end_steps(number, move.ends, made.rules, now)
        self.void_steps(number, move.voids, now)
        self.reopen_steps(number, move.reopens)
        if move.leaves:
            self.void_department_clocks(number, now)

    def _start_clocks_of(self, made: Kept) -> None:
        number, move, rules, now = made.number, made.move, made.rules, made.now
        row = self.ticket(number)
        demand = self.demand(number)
        if move.decides:
            self.give_steps(number, row.department, row.team_unit)
        if move.moves_deadlines:
            self.recompute(number, demand, rules, now)
            self.give_steps(number, row.department, row.team_unit)
        running = self.dues(number)
        begun = [start for event in move.events for start in starts(event, demand, rules, now) if start.step not in running]
        # What the customer waits for from here on, the department answers for from here on too (a fault's repair, from the arrival).
        begun += [replace(start, watch=Watch.DEPARTMENT) for start in begun if start.step in OF_DEPARTMENT]
        if "dispatched" in move.events:
            self.give_to_crew_on_duty(number, row.department and row.team_unit, row.department, now)
            own = {start.step for start in begun if start.watch is Watch.DEPARTMENT}
            begun += [start for start in department_starts(self.dues(number), demand, rules, now) if start.step not in own]
        self.start_clocks(number, begun, row.department, row.team_unit)
        self.set_next_deadline(number)
