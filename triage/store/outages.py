"""Known outages: kept with their areas and trail, found by place and time through indexes, with the key customers to be told."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam

from triage.errors import Conflict, NotFound
from triage.moments import in_utc
from triage.outages import (
    Area,
    AreaKind,
    Draft,
    KeyCustomer,
    KnownOutage,
    Outage,
    OutageContext,
    OutageKind,
    OutageRules,
    OutageState,
    differences,
    is_related,
    normal,
    notice_due,
    parts_of,
    read_outage_rules,
    told,
)
from triage.store.base import Part, to_json
from triage.store.queries import COLUMNS as TICKET_COLUMNS
from triage.store.queries import ticket_of
from triage.store.sql import block
from triage.tickets import Ticket
from triage.wording import say

COLUMNS = """outages.number, outages.kind, outages.state, outages.unit_code, outages.reason, outages.notice, outages.starts_at, outages.ends_at,
        outages.announced_at, outages.restored_at, outages.cancelled_at, outages.made_by, outages.made_at, outages.version"""
OUTAGE = block(f"""
    SELECT {COLUMNS}
    FROM outages
    WHERE number = :number""")
OUTAGES = block(f"""
    SELECT {COLUMNS}
    FROM outages
    WHERE :state = ''
        OR (:state = 'active' AND state IN ('registered', 'announced') AND starts_at <= :now)
        OR (state = :state AND (state IN ('restored', 'cancelled') OR starts_at > :now))
    ORDER BY starts_at DESC, number DESC
    LIMIT :most""")
AREAS = block("""
    SELECT outage_number, kind, value
    FROM outage_areas
    WHERE outage_number IN :numbers
    ORDER BY outage_number, kind, value""").bindparams(bindparam("numbers", expanding=True))
# First the areas, then their outages by number: joined, PostgreSQL reads all outages there ever were.
NAMED = block("""
    SELECT outage_number, kind, value
    FROM outage_areas
    WHERE kind = :kind AND value IN :places
    ORDER BY LENGTH(value), value DESC""").bindparams(bindparam("places", expanding=True))
HOLDING = block(f"""
    SELECT {COLUMNS}
    FROM outages
    WHERE number IN :numbers AND state <> 'cancelled' AND starts_at <= :now
        AND (restored_at > :now OR (restored_at IS NULL AND ends_at >= :since))
    ORDER BY starts_at DESC, number""").bindparams(bindparam("numbers", expanding=True))
MOST_NUMBERS = 5000
IN_AREA = block(f"""
    SELECT DISTINCT {COLUMNS}
    FROM outage_areas
    CROSS JOIN outages
    WHERE outage_areas.kind = :kind AND outage_areas.value IN :places AND outages.number = outage_areas.outage_number
        AND outages.state <> 'cancelled' AND outages.starts_at BETWEEN :since AND :until
    ORDER BY outages.starts_at, outages.number""").bindparams(bindparam("places", expanding=True))
COUNTS = block("""
    SELECT outage_areas.value, COUNT(*) AS times
    FROM outage_areas
    CROSS JOIN outages
    WHERE outage_areas.kind = 'transformer_area' AND outage_areas.value IN :places AND outages.number = outage_areas.outage_number
        AND outages.state <> 'cancelled' AND outages.starts_at BETWEEN :since AND :until
    GROUP BY outage_areas.value
    ORDER BY outage_areas.value""").bindparams(bindparam("places", expanding=True))
ADD = block("""
    INSERT INTO outages (number, kind, state, unit_code, reason, notice, starts_at, ends_at, restored_at, made_by, made_at, version)
    VALUES (:number, :kind, :state, :unit_code, :reason, :notice, :starts_at, :ends_at, :restored_at, :made_by, :made_at, 1)
    ON CONFLICT (number) DO NOTHING""")
CHANGE = block("""
    UPDATE outages
    SET kind = :kind, state = :state, unit_code = :unit_code, reason = :reason, notice = :notice, starts_at = :starts_at, ends_at = :ends_at,
        announced_at = :announced_at, restored_at = :restored_at, cancelled_at = :cancelled_at, version = version + 1
    WHERE number = :number AND version = :version""")
CLEAR_AREAS = block("""
    DELETE FROM outage_areas
    WHERE outage_number = :number""")
ADD_AREA = block("""
    INSERT INTO outage_areas (outage_number, kind, value)
    VALUES (:number, :kind, :value)""")
KEY_CUSTOMERS = block("""
    SELECT number, unit_code, transformer_area, address
    FROM customers
    WHERE key_kind <> ''""")
ADD_NOTICE = block("""
    INSERT INTO outage_notices (outage_number, customer_number, due_at, actor)
    VALUES (:number, :customer_number, :due_at, '')
    ON CONFLICT (outage_number, customer_number) DO UPDATE SET due_at = :due_at WHERE outage_notices.notified_at IS NULL""")
REOPEN_NOTICES = block("""
    UPDATE outage_notices
    SET notified_at = NULL, actor = ''
    WHERE outage_number = :number""")
DROP_NOTICE = block("""
    DELETE FROM outage_notices
    WHERE outage_number = :number AND customer_number = :customer_number AND notified_at IS NULL""")
NOTIFY = block("""
    UPDATE outage_notices
    SET notified_at = :now, actor = :actor
    WHERE outage_number = :number AND customer_number = :customer_number AND notified_at IS NULL""")
NOTICES = block("""
    SELECT outage_notices.customer_number, outage_notices.due_at, outage_notices.notified_at, outage_notices.actor,
        customers.name, customers.phone, customers.address, customers.transformer_area, customers.key_kind
    FROM outage_notices
    JOIN customers ON customers.number = outage_notices.customer_number
    WHERE outage_notices.outage_number = :number
    ORDER BY outage_notices.notified_at NULLS FIRST, outage_notices.due_at, outage_notices.customer_number""")
PLACE = block("""
    SELECT transformer_area, address, unit_code
    FROM customers
    WHERE number = :number""")
PARENTS = block("""
    SELECT code, parent_code
    FROM units""")
SWITCHES = block("""
    SELECT code, value
    FROM switches
    WHERE code IN ('outage_grace_minutes', 'frequent_outage_count', 'frequent_outage_days', 'planned_repeat_days')""")
TICKETS = block(f"""
    SELECT {TICKET_COLUMNS}
    FROM tickets
    WHERE outage_number = :number
    ORDER BY number
    LIMIT :most""")
ADD_TRAIL = block("""
    INSERT INTO reference_audit (happened_at, actor, table_name, row_key, before_json, after_json)
    VALUES (:now, :actor, 'outages', :number, :before_json, :after_json)""")
TRAIL = block("""
    SELECT happened_at, actor, before_json, after_json
    FROM reference_audit
    WHERE table_name = 'outages' AND row_key = :number
    ORDER BY id""")
NO_CUSTOMER: tuple[KeyCustomer, ...] = ()


class Outages(Part):
    """Keeps known outages."""

    def outage_rules(self) -> OutageRules:
        """Give the scalars that outages are judged by."""
        return read_outage_rules({row["code"]: row["value"] for row in self.rows(SWITCHES)})

    def find_outage(self, number: str) -> Outage | None:
        """Give an outage, if there is one of that number."""
        return next(iter(self._outages(self.rows(OUTAGE, number=number))), None)

    def outage(self, number: str) -> Outage:
        """Give an outage.

        Raises:
            NotFound: there is none of that number.
        """
        found = self.find_outage(number)
        if found is None:
            raise NotFound(say("There is no outage {number}; check the outage number of 12 digits", number=number))
        return found

    def outages(self, now: datetime, state: str = "", most: int = 200) -> list[Outage]:
        """Give the outages, the latest first; with a state, those that stand so at this moment."""
        return self._outages(self.rows(OUTAGES, now=now, state=state, most=most))

    def _outages(self, rows: Sequence[RowMapping]) -> list[Outage]:
        areas: dict[str, list[Area]] = {}
        if rows:
            for row in self.rows(AREAS, numbers=[row["number"] for row in rows]):
                areas.setdefault(row["outage_number"], []).append(Area(AreaKind(row["kind"]), row["value"]))
        return [outage_of(row, areas.get(row["number"], ())) for row in rows]

    # --- where and when

    def outages_at(self, transformer_area: str, address: str, at: datetime, unit_code: str = "") -> tuple[KnownOutage, ...]:
        """Give the outages that hold at a place at a moment: those of its transformer area, else those with a keyword in its address.

        One that is not restored holds until its expected end and the grace after it. `unit_code` is the place's supply unit,
        where it is known: outages of a unit neither above nor below it are left out.
        """
        found = self._holding(AreaKind.TRANSFORMER_AREA, [normal(transformer_area)] if normal(transformer_area) else [], at, unit_code)
        return found or self._holding(AreaKind.KEYWORD, parts_of(normal(address)), at, unit_code)

    def _holding(self, kind: AreaKind, places: Sequence[str], at: datetime, unit_code: str) -> tuple[KnownOutage, ...]:
        named = self.rows(NAMED, kind=kind.value, places=places) if places else ()
        matched = {row["outage_number"]: Area(kind, row["value"]) for row in named}  # the longest words, which come last, stay
        numbers, now = list(matched), in_utc(at)
        rows: list[RowMapping] = []
        for first in range(0, len(numbers), MOST_NUMBERS):
            rows += self.rows(HOLDING, numbers=numbers[first : first + MOST_NUMBERS], now=now, since=now - self.outage_rules().grace)
        parents = self.unit_parents() if rows and unit_code else {}
        known = [known_of(row, matched[row["number"]]) for row in rows if is_related(unit_code, row["unit_code"], parents)]
        return tuple(sorted(known, key=lambda one: -len(one.matched.value)))

    def outages_of_area(self, transformer_area: str, since: datetime, until: datetime | None = None) -> list[Outage]:
        """Give the outages of a transformer area that begin from a moment on (and not after another), cancelled ones left out."""
        last = until or since + timedelta(days=36525)
        return self._outages(self.rows(IN_AREA, kind="transformer_area", places=[normal(transformer_area)], since=since, until=last))

    def outage_context(self, customer_number: str, address: str, now: datetime, unit_code: str = "") -> OutageContext:
        """Give what is known at intake; a customer's record says more than what was said of the place in the call.

        `unit_code` is the unit where the customer is unknown (from the address, or the agent's choice).
        """
        place = self.row(PLACE, number=customer_number) if customer_number else None
        area = normal(place["transformer_area"]) if place else ""
        unit = place["unit_code"] if place else unit_code
        known = self.outages_at(area, address or (place["address"] if place else ""), now, unit)
        since, parents = now - timedelta(days=self.outage_rules().frequent_days), self.unit_parents() if area else {}
        recent = [one for one in self.outages_of_area(area, since, now) if is_related(unit, one.unit_code, parents)] if area else []
        return OutageContext(known, len(recent), place["transformer_area"] if place else "")

    def repeated_planned(self, areas: Iterable[Area], starts_at: datetime, number: str = "") -> list[Outage]:
        """Give the other planned outages of an area near a moment, within `planned_repeat_days` before and after."""
        days = timedelta(days=self.outage_rules().repeat_days)
        every, found = tuple(areas), dict[str, Outage]()
        for kind in AreaKind:
            places = [area.value for area in every if area.kind is kind]
            rows = self.rows(IN_AREA, kind=kind.value, places=places, since=starts_at - days, until=starts_at + days) if places else ()
            found |= {one.number: one for one in self._outages(rows)}
        others = (one for one in found.values() if one.kind is OutageKind.PLANNED and one.number != number)
        return sorted(others, key=lambda one: (one.starts_at, one.number))

    def recent_counts(self, transformer_areas: Iterable[str], since: datetime, until: datetime) -> dict[str, int]:
        """Count the outages of each transformer area that began in a time; one without any is left out."""
        places = [normal(area) for area in transformer_areas]
        rows = self.rows(COUNTS, places=places, since=since, until=until) if places else ()
        return {row["value"]: row["times"] for row in rows}

    def unit_parents(self) -> Mapping[str, str | None]:
        """Give the unit above each unit."""
        return {row["code"]: row["parent_code"] for row in self.rows(PARENTS)}

    # --- keeping

    def add_outage(
        self, outage: Outage, action: str, now: datetime, *, draft: Draft | None = None, customers: Sequence[KeyCustomer] | None = None
    ) -> Outage:
        """Keep a new outage with its areas, whom to tell, and the first entry of its trail.

        Raises:
            Conflict: somebody else has just registered that number.
        """
        with self.writing():
            values = {name: getattr(outage, name) for name in ("number", "unit_code", "reason", "notice", "starts_at", "ends_at", "restored_at")}
            terms = {"kind": outage.kind.value, "state": outage.state.value}
            if not self.run(ADD, **values, **terms, made_by=outage.made_by, made_at=outage.made_at):
                raise Conflict(say("Outage {number} has just been registered by someone else; refresh the page and try again", number=outage.number))
            self._keep_areas(outage)
            self._keep_notices(outage, now, customers)
            self._note(outage.number, outage.made_by, now, {}, {"action": action, **sent(draft)})
        return outage

    def change_outage(
        self,
        before: Outage,
        after: Outage,
        action: str,
        actor: str,
        now: datetime,
        *,
        why: str = "",
        draft: Draft | None = None,
        customers: Sequence[KeyCustomer] | None = None,
    ) -> Outage:
        """Keep a change of an outage and give it as it is now.

        Raises:
            Conflict: somebody else changed it since it was read.
        """
        names = ("number", "unit_code", "reason", "notice", "starts_at", "ends_at", "announced_at", "restored_at", "cancelled_at")
        with self.writing():
            values = {name: getattr(after, name) for name in names}
            if not self.run(CHANGE, **values, kind=after.kind.value, state=after.state.value, version=before.version):
                raise Conflict(say("This outage has been changed by someone else; refresh the page and try again"))
            if before.areas != after.areas:
                self.run(CLEAR_AREAS, number=after.number)
                self._keep_areas(after)
            if before.starts_at != after.starts_at:
                self.run(REOPEN_NOTICES, number=after.number)  # who was told the old time is told the new one
            if any(getattr(before, name) != getattr(after, name) for name in ("areas", "starts_at", "kind", "unit_code")):
                self._keep_notices(after, now, customers)
            changed = {name: pair for name, pair in differences(before, after).items() if name not in ("made_by", "made_at")}
            old, new = ({name: plain(pair[side]) for name, pair in changed.items()} for side in (0, 1))
            self._note(after.number, actor, now, old, {"action": action, **({"why": why} if why else {}), **new, **sent(draft)})
        return self.outage(after.number)

    def _keep_areas(self, outage: Outage) -> None:
        for area in outage.areas:
            self.run(ADD_AREA, number=outage.number, kind=area.kind.value, value=area.value)

    def _note(self, number: str, actor: str, now: datetime, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        self.run(ADD_TRAIL, now=now, actor=actor, number=number, before_json=to_json(before), after_json=to_json(after))

    def outage_trail(self, number: str) -> list[dict[str, Any]]:
        """Give what was done with an outage, from the first: `happened_at`, `actor`, `action`, `why`, and what changed (name, before, after)."""
        entries = []
        for row in self.rows(TRAIL, number=number):
            before, after = json.loads(row["before_json"]), json.loads(row["after_json"])
            changes = [(name, shown(name, old), shown(name, after.get(name))) for name, old in before.items()]
            rest = {name: after.get(name, "") for name in ("action", "why")}
            entries.append({"happened_at": row["happened_at"], "actor": row["actor"], **rest, "changes": changes})
        return entries

    def is_last_imported(self, draft: Draft) -> bool:
        """Say whether the last row of a file about this outage said just this."""
        files = [after["sent"] for row in self.rows(TRAIL, number=draft.number) if "sent" in (after := json.loads(row["after_json"]))]
        return bool(files) and files[-1] == sent(draft)["sent"]

    # --- key customers

    def key_customers(self) -> tuple[KeyCustomer, ...]:
        """Give all key customers, as far as their place needs it."""
        rows = self.rows(KEY_CUSTOMERS)
        return tuple(KeyCustomer(row["number"], row["unit_code"], normal(row["transformer_area"]), normal(row["address"])) for row in rows)

    def _keep_notices(self, outage: Outage, now: datetime, customers: Sequence[KeyCustomer] | None) -> None:
        """Make the list of whom to tell fit the outage's area and time; who was told already stays on it."""
        due = notice_due(outage, now)
        whom = told(outage, self.key_customers() if customers is None else customers, self.unit_parents()) if due else []
        for row in self.rows(NOTICES, number=outage.number):
            if row["customer_number"] not in whom:
                self.run(DROP_NOTICE, number=outage.number, customer_number=row["customer_number"])
        for customer in whom:
            self.run(ADD_NOTICE, number=outage.number, customer_number=customer, due_at=due)

    def notices(self, number: str) -> list[dict[str, Any]]:
        """Give the key customers to be told of an outage, those not told first; `key` names one without saying who it is.

        It is full personal data: mask it before it is shown.
        """
        return [{**row, "key": self._notice_key(number, row["customer_number"])} for row in self.rows(NOTICES, number=number)]

    def _notice_key(self, number: str, customer_number: str) -> str:
        return self.digest(f"outage-notice/{number}/{customer_number}")[:24]

    def mark_notified(self, number: str, key: str, actor: str, now: datetime) -> bool:
        """Keep that a key customer was told, by whom and when; False where it was kept before.

        Raises:
            NotFound: the customer is not on the outage's list.
        """
        with self.writing():
            row = next((one for one in self.notices(number) if one["key"] == key), None)
            if row is None:
                raise NotFound(say("This customer is not on the notification list; refresh the page and try again"))
            is_new = self.run(NOTIFY, number=number, customer_number=row["customer_number"], now=now, actor=actor) > 0
            if is_new:
                self._note(number, actor, now, {}, {"action": "notify", "customer": self.digest(row["customer_number"])})
        return is_new

    def tickets_of_outage(self, number: str, most: int = 200) -> list[Ticket]:
        """Give the tickets that are linked to an outage."""
        return [ticket_of(row) for row in self.rows(TICKETS, number=number, most=most)]


def outage_of(row: RowMapping, areas: Iterable[Area]) -> Outage:
    """Make the value from its row and its areas."""
    values = {**row, "kind": OutageKind(row["kind"]), "state": OutageState(row["state"])}
    return Outage(**values, areas=tuple(sorted(areas)))


def known_of(row: RowMapping, matched: Area) -> KnownOutage:
    """Make the value from an outage's row with what matched; it holds, so it has begun."""
    kind, state = OutageKind(row["kind"]), OutageState(row["state"])
    same = {name: row[name] for name in ("number", "reason", "notice", "starts_at", "ends_at")}
    return KnownOutage(kind=kind, state=state if state.is_end else OutageState.ACTIVE, matched=matched, **same)


def plain(value: Any) -> Any:
    """Give a value as JSON keeps it."""
    return value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value


def shown(name: str, value: Any) -> Any:
    """Read a value of the trail back: moments as such, areas as one text."""
    if isinstance(value, str) and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return say(", ").join(value) if isinstance(value, list) else value


def sent(draft: Draft | None) -> dict[str, Any]:
    """Give a row of a file as the trail keeps it, so that the same row is known again."""
    if draft is None:
        return {}
    areas = [[area.kind.value, area.value] for area in draft.areas]
    return {"sent": {**{name: plain(getattr(draft, name)) for name in Draft.__dataclass_fields__ if name != "areas"}, "areas": areas}}
