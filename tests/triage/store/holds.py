"""What holds of every ticket at any time, whatever was done to it; `Life` leads the tickets, this file looks at their rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from tests.triage.store.life import COUNTED, ENDS, FOREIGN, OPEN, PROCEDURE, TEAMS, WAITING, Expected, Life, sees
from triage.errors import Forbidden, IllegalMove
from triage.lifecycle import check, legal_moves
from triage.moves import MOVES
from triage.people import User, may_see
from triage.store.schema import metadata
from triage.terms import Role, Watch
from triage.timeliness import opened, period_of, timeliness

Rows = Sequence[Mapping[str, Any]]
MINUTE = timedelta(minutes=1)
# In which states somebody can still end a clock: what nobody can end must not run.
RUNS_IN = {
    "dispatch": WAITING,
    "redispatch": WAITING,
    "accept": "dispatched",
    "contact": f"{WAITING} {TEAMS}",
    "arrive": f"{WAITING} {TEAMS}",
    "resolve": f"{WAITING} {TEAMS}",
    "review": "resolved",
    "callback": "reviewed",
    "extension": TEAMS,
    "chase": OPEN,
    "co_handle": f"{WAITING} {TEAMS}",
    "appeal": f"{OPEN} closed",
}


TABLES = [table for table in metadata.sorted_tables if "ticket_number" in table.c and table.name not in ("drafts", "calls", "attachments")]
TABLES = [metadata.tables["tickets"], *TABLES]


def rows_of(life: Life, number: str) -> dict[str, Rows]:
    """Give all that is kept of a ticket, table by table."""
    found = {}
    for table in TABLES:
        names = ("number",) if table.name == "tickets" else tuple(name for name in ("ticket_number", "other_number") if name in table.c)
        query = select(table).where(or_(*(table.c[name] == number for name in names))).order_by(*table.primary_key.columns)
        found[table.name] = [dict(row) for row in life.store.connection.execute(query).mappings()]
    return found


class Watcher:
    """Looks at the tickets of a life after each step, and remembers what it saw."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.seen: dict[str, dict[str, Rows]] = {}
        self.looks = 0

    def try_move(self, number: str, code: str, who: User, **how: Any) -> bool:
        """Make a move, and see that it touched what it should: nothing at all if it was refused, and never another ticket."""
        before = {one: self.rows(one) for one in self.life.tickets}
        touched = self._near(number)
        made = self.life.try_move(number, code, who, **how)
        touched |= self._near(number)
        if made:
            self._remember(number, before[number])
        for one in self.life.tickets:
            if not made or one not in touched:
                assert rows_of(self.life, one) == before[one], f"{code} {'refused' if not made else ''} changed {one}"
        return made

    def _near(self, number: str) -> set[str | None]:
        """Give a ticket, what it was merged into, and what was merged into it."""
        return {number, self.life.tickets[number].parent, *(one for one, ticket in self.life.tickets.items() if ticket.parent == number)}

    def _remember(self, number: str, before: Mapping[str, Rows]) -> None:
        """Keep what stood there before a move that can be taken back; see, when it was, that the same stands there again."""
        ticket = self.life.tickets[number]
        if ticket.undone and ticket.undone.rows and ticket.undone.rows[1] is self.life.rules:
            assert what_stands(rows_of(self.life, number)) == what_stands(ticket.undone.rows[0]), f"{ticket.undone.code} was not put back: {ticket}"
        elif ticket.undoable and not ticket.undone:
            ticket.undoable[-1].rows = (before, self.life.rules)

    def rows(self, number: str) -> dict[str, Rows]:
        """Give a ticket's rows as they were last seen."""
        return self.seen.get(number) or rows_of(self.life, number)

    def look(self, *, at_all: bool = True, last: int = 0, at_figures: bool = True) -> None:
        """See that everything holds now of all tickets, or of the `last` ones; and of the figures, unless they are left out.

        Unless `at_all`, only those that were touched are looked at, one other by turns, and now and then the figures.
        """
        self.looks += 1
        tickets = self.life.recent(last or len(self.life.tickets))
        for n, ticket in enumerate(tickets):
            rows = rows_of(self.life, ticket.number)
            before = self.seen.get(ticket.number)
            if at_all or n == self.looks % len(tickets) or rows != before:
                holds(self.life, ticket, rows)
                legal(self.life, ticket)
            if before:
                only_grew(ticket, before, rows)
            self.seen[ticket.number] = rows
        if at_figures and (at_all or self.looks % 5 == 0):
            self.look_at_figures()

    def look_at_figures(self) -> None:
        """See that the trails' chains hold, and that the figures open to what they count."""
        assert self.life.store.broken_chains() == []
        figures_open(self.life)


def what_stands(rows: Mapping[str, Rows]) -> dict[str, Any]:
    """Give what a ticket is and what is open of it; not its version, and not which mark of a clock is warned of next."""
    (row,) = rows["tickets"]
    running = [step for step in rows["steps"] if step["ended_at"] is None and step["voided_at"] is None]
    return {
        "ticket": {name: value for name, value in row.items() if name != "version"},
        "steps": [{name: value for name, value in step.items() if name != "warn_at"} for step in running],
        "requests": [one for one in rows["requests"] if one["decided_at"] is None],
        "pauses": [one for one in rows["pauses"] if one["ended_at"] is None],
        "help": [one for one in rows["co_handlings"] if one["replied_at"] is None and one["cancelled_at"] is None],
        "links": rows["links"],
    }


def holds(life: Life, ticket: Expected, rows: Mapping[str, Rows]) -> None:
    """See that one ticket is as it is expected, and that its rows agree with each other."""
    (row,) = rows["tickets"]
    as_expected(ticket, row)
    clocks(ticket, row, rows["steps"])
    beside(life, ticket, row, rows)
    trail(ticket, rows)
    nothing_is_stale(life, ticket.number)


def as_expected(ticket: Expected, row: Mapping[str, Any]) -> None:
    """State, version, counts and marks are what the moves made of them."""
    kept = {name: row[name] for name in ("state", "version", "demand_type", "satisfaction", "finding", "is_watched", "is_exempt", "is_malicious")}
    assert kept == {name: getattr(ticket, name) for name in kept}
    counts = {name: row[name] for name in (*COUNTED, "attempts")}
    assert counts == {name: getattr(ticket, name) for name in counts}
    assert row["parent_number"] == ticket.parent
    assert (row["closed_at"] is not None) == (ticket.state in ENDS.split())


def clocks(ticket: Expected, row: Mapping[str, Any], steps: Rows) -> None:
    """Each clock starts, turns yellow, falls due, turns red in this order; the ticket's next deadline is the least of those that run."""
    for step in steps:
        what = f"{step['step']} of {step['watch']}, {ticket}"
        assert step["started_at"] <= step["yellow_at"] <= step["due_at"] < step["red_at"] <= step["due_at"] + MINUTE, what
        for end in ("ended_at", "voided_at"):
            assert step[end] is None or step["started_at"] <= step[end], f"{end} before its start: {what}"
        assert step["ended_at"] is None or step["voided_at"] is None, f"ended and void: {what}"
    running = [step for step in steps if step["ended_at"] is None and step["voided_at"] is None]
    for column in ("due_at", "yellow_at", "red_at"):
        assert row["next_due_at" if column == "due_at" else column] == min((step[column] for step in running), default=None), ticket
    assert row["is_confirmed"] == all(step["is_confirmed"] for step in running)
    assert row["next_step"] in ({step["step"] for step in running if step["due_at"] == row["next_due_at"]} or {None})
    doubled = [key for key, n in Counter((s["step"], s["watch"], s["co_handling_id"]) for s in running).items() if n > 1]
    assert not doubled, f"two clocks of one kind run: {doubled}, {ticket}"
    for step in running:
        assert ticket.state in RUNS_IN[step["step"]].split(), f"{step['step']} of {step['watch']} runs, and nobody can end it: {ticket}"
        assert step["watch"] == "customer" or step["step"] == "co_handle" or ticket.state in TEAMS.split(), f"{step['step']}: {ticket}"
    owed_to(ticket, {step["step"] for step in running if step["watch"] == "customer"})
    assert all((step["warn_at"] is None) or step in running for step in steps)


def owed_to(ticket: Expected, running: set[str]) -> None:
    """Until the reply is in, the customer's clock of it runs: of a fault from the arrival on, and until then that of the arrival."""
    if ticket.state not in f"{WAITING} {TEAMS}".split():
        return
    assert "resolve" in running or (ticket.demand_type == "fault" and "arrive" in running), f"nobody waits for a reply: {ticket}"
    is_called = not {"contact", "arrive", "resolve"}.isdisjoint(ticket.done)
    assert is_called or ticket.demand_type in ("fault", "praise") or "contact" in running, f"nobody has to call the customer: {ticket}"


def beside(life: Life, ticket: Expected, row: Mapping[str, Any], rows: Mapping[str, Rows]) -> None:
    """Requests, pauses, co-handling and merging stand as they were asked for, granted and ended."""
    waiting = {one["kind"]: one["asked_by"] for one in rows["requests"] if one["decided_at"] is None}
    assert waiting == ticket.asked, ticket
    assert len(waiting) == sum(one["decided_at"] is None for one in rows["requests"]), "two open requests of one kind"
    running = {step["step"] for step in rows["steps"] if step["ended_at"] is None and step["voided_at"] is None}
    for kind in ("extension", "appeal"):
        assert (kind in running) == (kind in waiting), f"the clock of an open {kind} runs, no other: {ticket}"
    assert sum(one["ended_at"] is None for one in rows["pauses"]) <= 1
    assert life.store.ticket(ticket.number).is_paused(life.now) == ticket.is_resting(life.now), ticket
    if ticket.is_resting(life.now) and ticket.pause:
        assert row["paused_until_at"] == ticket.pause[2]
    helping = [one for one in rows["co_handlings"] if one["replied_at"] is None and one["cancelled_at"] is None]
    assert Counter((one["department"], one["team_unit"]) for one in helping) == Counter(ticket.helping), ticket
    helped_by = {step["co_handling_id"] for step in rows["steps"] if step["step"] == "co_handle" and step["ended_at"] == step["voided_at"]}
    assert helped_by == {one["id"] for one in helping}, f"the clocks of those who help: {ticket}"
    if ticket.parent:
        parent = life.tickets[ticket.parent]
        assert parent.parent is None, "a merged ticket's parent was merged itself"
        is_over = parent.state in ("reviewed", "called_back", *ENDS.split())
        assert ticket.told or not is_over, f"nobody is asked to tell the customer of {ticket.number}, merged into {parent}"


def trail(ticket: Expected, rows: Mapping[str, Rows]) -> None:
    """Every move stands in the trail once, in its order, and the counts are the trail's."""
    entries = [entry["action"] for entry in rows["audit"] if entry["action"] in PROCEDURE]
    assert entries == ticket.done
    for name, codes in COUNTED.items():
        assert rows["tickets"][0][name] == sum(entry in codes for entry in entries), name
    since = entries[len(entries) - entries[::-1].index("reopen") :] if "reopen" in entries else entries
    assert (
        rows["tickets"][0]["attempts"] == since.count("attempt") == len(rows["callback_attempts"]) - entries.count("attempt") + since.count("attempt")
    )
    assert [entry["seq"] for entry in rows["audit"]] == list(range(1, len(rows["audit"]) + 1))


def nothing_is_stale(life: Life, number: str) -> None:
    """To compute an open ticket's clocks again changes nothing: no deadline was left as it stood before something moved it."""
    store = life.store
    if any(step.is_open for step in store.steps_of(number)):
        store.connection.exec_driver_sql("BEGIN")
        try:
            assert store.recompute(number, store.demand(number), life.rules, life.now) == 0, f"a deadline is stale: {life.tickets[number]}"
        finally:
            store.connection.exec_driver_sql("ROLLBACK")


def legal(life: Life, ticket: Expected) -> None:
    """What is offered is exactly what is let through, and exactly what the procedure has; nobody outside the teams sees the ticket."""
    real = life.store.ticket(ticket.number)
    ways = set(life.possible(ticket.number))
    for who in life.people(ticket.number):
        assert may_see(who, real, life.store) == sees(who, ticket), f"{who} {ticket}"
        if not sees(who, ticket):
            continue
        standing = life.store.standing(real, who, life.now)
        offered = {move.code for move in legal_moves(real, who, standing, life.rules)}
        let_through = set()
        for move in MOVES:
            try:
                let_through.add(check(move.code, real, who, standing, life.rules).code)
            except (Forbidden, IllegalMove):
                continue
        procedure = {code for code, one in ways if one == who}
        assert offered == let_through, f"{offered ^ let_through}: {who.username} {ticket}"
        assert offered == procedure, f"not of the procedure {offered - procedure}, not offered {procedure - offered}: {who.username} {ticket}"
    assert not any(sees(who, ticket) for who in FOREIGN if who.role is Role.HANDLER)


def only_grew(ticket: Expected, before: Mapping[str, Rows], now: Mapping[str, Rows]) -> None:
    """What is past stays as it was: ended clocks, decided requests, pauses, answers, the trail."""
    assert now["audit"][: len(before["audit"])] == before["audit"]
    later = {step["id"]: step for step in now["steps"]}
    taken_back = ticket.done[-1:] == ["send_back"]
    undone_at = ticket.undone.at if ticket.undone else None
    last_reply = max((step["ended_at"] for step in before["steps"] if step["step"] == "resolve" and step["ended_at"]), default=None)
    for step in before["steps"]:
        new = later[step["id"]]
        assert (new["started_at"], new["from_event"], new["watch"]) == (step["started_at"], step["from_event"], step["watch"])
        runs_on = taken_back and step["step"] == "resolve" and step["ended_at"] == last_reply and new["ended_at"] is None
        if undone_at and undone_at in (step["ended_at"], step["voided_at"]):
            continue  # the move was taken back, and what it ended with it
        if (step["ended_at"] or step["voided_at"]) and not runs_on:
            assert new == step, f"what had ended was changed: {step['step']} of {step['watch']}, {ticket}"
    for table, settled in (("requests", "decided_at"), ("pauses", "ended_at"), ("co_handlings", "replied_at"), ("co_handlings", "cancelled_at")):
        kept = {one["id"]: one for one in now[table]}
        assert all(kept[one["id"]] == one for one in before[table] if one[settled] not in (None, undone_at)), table


def figures_open(life: Life) -> None:
    """Every figure opens to as many rows as it counts, by whom and whether met."""
    day = life.now.date()
    period = period_of(day - timedelta(days=90), day + timedelta(days=1))
    for watch in Watch:
        for figure in timeliness(life.store, period, watch, life.now):
            asked = {"step": figure.step.value, "department": figure.department, "machine": "yes" if figure.is_by_machine else "no"}
            counted = {met: opened(life.store, period, watch, life.now, **asked, met=met) for met in ("", "yes", "no", "open")}
            assert {met: page.total for met, page in counted.items()} == {
                "": figure.due,
                "yes": figure.met,
                "no": figure.missed,
                "open": figure.still_open,
            }
            assert all(page.total == len(page.rows) for page in counted.values() if page.total <= 500)
