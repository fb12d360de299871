"""Keeping a move: state, clocks, decision, audit entry and notes in one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from triage.errors import Conflict
from triage.lifecycle import TEXTS, Move, Place
from triage.rules import Rules
from triage.store.base import to_json
from triage.store.clockwork import demand_of
from triage.store.intake import ADD_DECISION, PARENTS, TEAMS, Intake
from triage.store.queries import TICKET
from triage.store.sql import block
from triage.terms import Made, State, Step, Watch
from triage.tickets import OF_DEPARTMENT, Ticket, department_starts, starts

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
    SELECT DISTINCT step
    FROM steps
    WHERE ticket_number = :number AND watch = 'customer' AND ended_at IS NULL AND voided_at IS NULL""")


class Moves(Intake):
    """Keeps moves."""

    def open_steps(self, number: str) -> frozenset[Step]:
        """Give the steps that the customer still waits for."""
        return frozenset(Step(row["step"]) for row in self.rows(OPEN_STEPS, number=number))

    def teams_and_parents(self) -> tuple[Mapping[str, str], frozenset[tuple[str, str]]]:
        """Give each unit's parent, and which unit has a team of which department."""
        parents = {row["code"]: row["parent_code"] for row in self.rows(PARENTS)}
        return parents, frozenset((row["unit_code"], row["department_code"]) for row in self.rows(TEAMS))

    def keep_move(
        self,
        ticket: Ticket,
        move: Move,
        fields: Mapping[str, str],
        place: Place | None,
        rules: Rules,
        now: datetime,
        actor: str,
    ) -> None:
        """Keep a checked move.

        Raises:
            Conflict: the ticket's version is not the one that the move was checked against.
        """
        self._set_state(ticket, move, fields, now)
        if place:
            self._set_place(ticket, place, fields, rules, now, actor)
        self._turn_clocks(ticket, move, rules, now)
        target = move.target or ticket.state
        detail = {name: value for name, value in fields.items() if name not in TEXTS and value}
        if place:
            detail |= {
                "department": place.department,
                "team_unit": place.team_unit,
                "was": f"{ticket.demand_type}/{ticket.topic}",
            }
        notes = {name: fields[name] for name in TEXTS if name in fields}
        self.append_audit(ticket.number, move.code, actor, now, states=(ticket.state.value, target.value), detail=detail, notes=notes)

    def _set_state(self, ticket: Ticket, move: Move, fields: Mapping[str, str], now: datetime) -> None:
        target = move.target or ticket.state
        changed = self.run(
            SET_STATE,
            number=ticket.number,
            version=ticket.version,
            state=target.value,
            is_watched=ticket.is_watched and not move.watched and not move.decides and not target.is_end,
            reply=fields.get("reply") or ticket.reply,
            finding=fields.get("finding") or ticket.finding,
            owner=fields.get("owner") or ticket.owner,
            satisfaction=fields.get("satisfaction") or ticket.satisfaction,
            closed_at=now if target.is_end else None,
        )
        if changed != 1:
            raise Conflict("工单刚被他人更新，请刷新后再操作")

    def _set_place(self, ticket: Ticket, place: Place, fields: Mapping[str, str], rules: Rules, now: datetime, actor: str) -> None:
        self.run(
            SET_PLACE,
            number=ticket.number,
            topic=place.topic,
            demand_type=place.demand_type,
            department=place.department,
            unit_code=place.unit_code,
            team_unit=place.team_unit,
            is_confidential=ticket.is_confidential or place.is_confidential,
        )
        self.run(
            ADD_DECISION,
            number=ticket.number,
            made_by=Made.DISPATCHER.value,
            actor=actor,
            demand_type=place.demand_type,
            topic=place.topic,
            department=place.department,
            unit_code=place.unit_code,
            team_unit=place.team_unit,
            level=ticket.level.value,
            outcome=State.DISPATCHED.value,
            reasons_json=to_json([text for text in ("派单员确认", place.reason, fields.get("reason")) if text]),
            attention_json="[]",
            co_departments_json="[]",
            earlier_json="[]",
            model_version=(self.prediction_of(ticket.number) or {}).get("model_version"),
            confidence=None,
            threshold=None,
            now=now,
        )

    def _turn_clocks(self, ticket: Ticket, move: Move, rules: Rules, now: datetime) -> None:
        number = ticket.number
        row = self.row(TICKET, number=number)
        assert row is not None
        demand = demand_of(row)
        self.end_steps(number, move.ends, now)
        self.void_steps(number, move.voids, now)
        self.reopen_steps(number, move.reopens)
        if move.code in ("return", "reroute"):
            self.void_department_clocks(number, now)
        if move.decides:
            self.recompute(number, demand, rules, now)
            self.give_steps(number, row["department"], row["team_unit"])
        begun = list(starts(move.event, demand, rules, now)) if move.event else []
        # What the customer waits for from here on, the department answers for from here on too (a fault's repair, from the arrival).
        begun += [replace(start, watch=Watch.DEPARTMENT) for start in begun if start.step in OF_DEPARTMENT]
        if move.decides:
            begun += department_starts(self.open_steps(number), demand, rules, now)
        self.start_clocks(number, begun, row["department"], row["team_unit"])
        self.set_next_deadline(number)
