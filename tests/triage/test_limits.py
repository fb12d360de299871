"""A limit that changes from a date on, and what a change would do before it is kept: the same as what it does."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction, shanghai
from triage.changes import plan_add, plan_edit, plan_remove
from triage.clocks import zone
from triage.errors import InvalidInput
from triage.limits import preview
from triage.reference import add_row, edit_row, load_calendar, load_reference, preview_calendar, preview_change, remove_row
from triage.terms import Step, Watch, Zone

BILL = prediction("business.tariff.bill", "complaint")
TODAY = date(2026, 11, 23)
ADMIN = {"actor": "admin", "now": NOW}
DAY = timedelta(days=1)
FRIDAY = shanghai("2026-11-20 10:00")


def versions(store, demand_type: str = "complaint", step: str = "resolve", topic: str = "") -> list[dict]:
    """All rows of a type's own limit for a step, the first in force first."""
    found = [
        dict(row)
        for row in store.reference_rows("time_limits")
        if (row["demand_type"], row["topic"], row["channel"], row["step"]) == (demand_type, topic, "", step)
    ]
    return sorted(found, key=lambda row: row["valid_from_on"] or date.min)


def key(store, n: int = 0, **which: str) -> dict[str, str]:
    """The key of the n-th version."""
    return {"id": str(versions(store, **which)[n]["id"])}


def change(store, amount: str, from_on: str = "", n: int = 0, **values: str) -> int:
    """Edit the n-th version of the reply's limit for complaints."""
    return edit_row(store, "time_limits", key(store, n), {"amount": amount, "valid_from_on": from_on, **values}, **ADMIN)


def spans(store) -> list[tuple]:
    """From when to when which amount holds."""
    return [(row["valid_from_on"], row["valid_until_on"], row["amount"]) for row in versions(store)]


def due(store, number: str):
    """When the customer's clock for the reply is due."""
    return next(s.due_at for s in store.steps_of(number) if (s.step, s.watch, s.voided_at) == (Step.RESOLVE, Watch.CUSTOMER, None))


def test_a_changed_limit_ends_the_old_row_and_begins_a_new_one_today(store):
    change(store, "3")
    assert spans(store) == [(None, TODAY, 4.0), (TODAY, None, 3.0)]
    old, new = versions(store)
    assert (new["basis"], new["clock"], new["edited_by"]) == (old["basis"], old["clock"], "admin")


def test_a_second_change_on_the_same_date_changes_the_new_row_in_place(store):
    change(store, "3")
    change(store, "2", n=1)
    assert spans(store) == [(None, TODAY, 4.0), (TODAY, None, 2.0)]


def test_a_change_in_between_splits_the_version_that_held_then(store):
    change(store, "3", "2026-12-01")
    change(store, "2", "2026-11-25")
    assert spans(store) == [(None, date(2026, 11, 25), 4.0), (date(2026, 11, 25), date(2026, 12, 1), 2.0), (date(2026, 12, 1), None, 3.0)]


def test_basis_and_source_are_edited_in_place(store):
    edit_row(store, "time_limits", key(store), {"basis": "single-source", "source": "某文"}, **ADMIN)
    (row,) = versions(store)
    assert (row["basis"], row["source"], row["valid_from_on"], row["valid_until_on"]) == ("single-source", "某文", None, None)


def test_an_edit_that_changes_nothing_leaves_no_trail(store):
    assert change(store, "4") == 0
    assert (spans(store), store.reference_trail("time_limits")) == ([(None, None, 4.0)], [])


def test_the_day_on_which_a_clock_started_chooses_the_row(store, take):
    (before,), (since,) = take("电费太高", said=BILL, now=FRIDAY), take("电费太高", said=BILL)
    assert change(store, "2") == 1
    assert due(store, before.number) == shanghai("2026-11-26 10:00")
    assert due(store, since.number) == shanghai("2026-11-25 10:00")


def test_a_clock_that_started_in_the_last_minute_of_the_day_before_keeps_the_old_row(store, take):
    (late,), (early,) = (take("电费太高", said=BILL, now=shanghai(at)) for at in ("2026-11-22 23:59", "2026-11-23 00:00"))
    kept = due(store, late.number)
    change(store, "1")
    assert (due(store, late.number), due(store, early.number)) == (kept, shanghai("2026-11-24 00:00"))


def test_a_date_in_the_past_moves_open_clocks_and_ended_ones_keep_their_figures(store, take, move):
    (open_one,), (ended,) = take("电费太高", said=BILL, now=FRIDAY), take("电费太高", said=BILL, now=FRIDAY)
    for code, values in (("accept", {}), ("contact", {}), ("resolve", {"reply": "已解释", "finding": "upheld"})):
        ended = move(ended, code, **values)
    kept = [s for s in store.steps_of(ended.number) if s.ended_at]
    assert change(store, "2", "2026-11-20") == 1
    assert due(store, open_one.number) == shanghai("2026-11-24 10:00")
    assert [s for s in store.steps_of(ended.number) if s.ended_at] == kept


def test_a_date_in_the_future_moves_nothing_until_then(store, take):
    (now,) = take("电费太高", said=BILL)
    assert change(store, "2", "2026-12-01") == 0
    (later,) = take("电费太高", said=BILL, now=shanghai("2026-12-01 10:00"))
    assert (due(store, now.number), due(store, later.number)) == (shanghai("2026-11-27 10:00"), shanghai("2026-12-03 10:00"))


def test_loading_the_files_again_does_not_undo_a_change(store):
    change(store, "3")
    before = versions(store)
    assert load_reference(store, NOW) == 0
    assert versions(store) == before


@pytest.mark.parametrize(
    ("n", "values", "field", "says"),
    [
        pytest.param(1, {"amount": "2", "valid_from_on": "2026-11-22"}, "valid_from_on", "自 2026-11-23 起才生效", id="before its first day"),
        pytest.param(0, {"amount": "2", "valid_from_on": "2026-11-23"}, "valid_from_on", "到 2026-11-23 为止", id="after its last day"),
        pytest.param(1, {"amount": "2", "valid_from_on": "tomorrow"}, "valid_from_on", "不是日期", id="no date"),
        pytest.param(1, {"amount": "2", "valid_from_on": "1026-11-23"}, "valid_from_on", "2000 与 2100", id="a mistyped century"),
        pytest.param(1, {"topic": "quality.voltage"}, "topic", "请新增一行", id="for another topic"),
        pytest.param(1, {"amount": "nan"}, "amount", "数太大", id="not a number"),
        pytest.param(1, {"amount": ""}, "amount", "必填", id="no amount"),
        pytest.param(1, {"is_pausable": "maybe"}, "is_pausable", "1（是）", id="maybe"),
        pytest.param(1, {"basis": "hearsay"}, "basis", "inferred", id="an unknown basis"),
        pytest.param(1, {"valid_until_on": "2026-11-23"}, "valid_until_on", "晚于生效日", id="ends when it begins"),
        pytest.param(0, {"valid_until_on": ""}, "valid_from_on", "已另有一行", id="two at once"),
        pytest.param(0, {"valid_until_on": "2026-12-05"}, "valid_from_on", "已另有一行", id="two for some days"),
    ],
)
def test_what_cannot_be_is_said_at_the_field_and_changes_nothing(store, n: int, values: dict[str, str], field: str, says: str):
    change(store, "3")
    before = versions(store)
    with pytest.raises(InvalidInput) as error:
        edit_row(store, "time_limits", key(store, n), values, **ADMIN)
    assert [problem.field for problem in error.value.problems] == [field]
    assert says in error.value.message
    assert versions(store) == before


def test_a_version_that_no_clock_has_is_taken_out_and_the_one_before_runs_on(store):
    change(store, "3", "2026-12-01")
    remove_row(store, "time_limits", key(store, 1), **ADMIN)
    assert spans(store) == [(None, None, 4.0)]


def test_a_limit_that_a_clock_has_is_not_taken_out(store, take):
    take("电费太高", said=BILL)
    with pytest.raises(InvalidInput, match="失效日"):
        remove_row(store, "time_limits", key(store), **ADMIN)
    assert spans(store) == [(None, None, 4.0)]


def test_a_second_row_for_the_same_tickets_is_refused_even_from_another_event(store):
    values = {"demand_type": "complaint", "step": "resolve", "from_event": "accepted", "amount": "1", "unit": "days"}
    with pytest.raises(InvalidInput, match="已另有一行"):
        add_row(store, "time_limits", {**values, "clock": "natural", "yellow_fraction": "0.7"}, **ADMIN)


# --- what a change would do


def standing(store) -> dict[tuple, tuple]:
    """The running clocks of all tickets."""
    rows = [row for row in store.open_clocks() if row["ended_at"] is None and row["voided_at"] is None]
    return {
        (row["ticket_number"], row["step"], row["watch"], row["started_at"]): (row["due_at"], row["yellow_at"], row["red_at"], row["is_confirmed"])
        for row in rows
    }


@pytest.fixture
def busy(store, take, move):
    """Tickets of several kinds, units and ages: at work, paused, extended, with a step ended, with another department's help asked for."""
    take("电费太高", said=BILL)
    take("电费太高", said=BILL, now=NOW - 3 * DAY, unit_code="330102")
    take("家里停电", locality="urban")
    take("家里停电", unit_code="330102", locality="rural")
    (paused,) = take("电费太高", said=BILL, now=NOW - 5 * DAY)
    paused = move(move(paused, "accept"), "pause", pause_kind="waiting_customer", reason="等客户补充资料")
    (helped,) = take("电费太高", said=BILL, unit_code="330101")
    move(move(helped, "accept"), "co_handle", co_department="safety", task="请核对现场安全")
    store.extend(helped.number, timedelta(hours=30))
    store.recompute(helped.number, store.demand(helped.number), store.rules(), NOW)
    (done,) = take("家里停电", locality="urban")
    for code, values in (("accept", {}), ("contact", {}), ("arrive", {}), ("resolve", {"reply": "已修复", "finding": "upheld"})):
        done = move(done, code, **values)


def edits(table: str, values: dict[str, str], **of: str):
    """An edit of the first row whose columns are these."""

    def plan(store):
        row = next(row for row in store.reference_rows(table) if all(str(row[name]) == value for name, value in of.items()))
        return plan_edit(store, table, {name: str(row[name]) for name in ("id", "code", "month", "day") if name in row}, values, NOW)

    return plan


def adds(table: str, **values: str):
    """A row that is added."""
    return lambda store: plan_add(store, table, values)


COMPLAINT = {"demand_type": "complaint", "topic": "", "step": "resolve", "channel": ""}
LIMIT = {"demand_type": "complaint", "step": "arrive", "from_event": "received", "amount": "2", "unit": "days", "clock": "natural"}
PLANS = {
    "a shorter limit": edits("time_limits", {"amount": "1", "valid_from_on": "2026-11-01"}, **COMPLAINT),
    "a longer limit": edits("time_limits", {"amount": "9"}, **COMPLAINT),
    "another clock": edits("time_limits", {"clock": "natural", "valid_from_on": "2026-11-01"}, **COMPLAINT),
    "an earlier warning": edits("time_limits", {"yellow_fraction": "0.1", "valid_from_on": "2026-11-01"}, **COMPLAINT),
    "a limit that no pause stops": edits("time_limits", {"is_pausable": "0", "valid_from_on": "2026-11-01"}, **COMPLAINT),
    "a limit that holds no more": edits("time_limits", {"valid_until_on": "2026-11-19"}, **COMPLAINT),
    "less time for whom help is asked of": edits("time_limits", {"amount": "1"}, demand_type="*", step="co_handle"),
    "a step that had no limit": adds("time_limits", **LIMIT, yellow_fraction="0.5"),
    "a smaller cap of a pause": edits("pause_kinds", {"cap_hours": "1"}, code="waiting_customer"),
    "a pause that stops nothing of it": edits("pause_kinds", {"steps": "callback"}, code="waiting_customer"),
    "a unit's day off": adds("unit_days", unit_code="3301", day_on="2026-11-24", is_working="0", name="防汛演练"),
    "a day off of those who lead, not of those who help": adds("unit_days", unit_code="330101", day_on="2026-11-24", is_working="0"),
    "a unit's office hours": adds("office_hours", unit_code="3301", weekday="0", spans="08:30-12:00"),
    "a holiday of another month": edits("fixed_holidays", {"name": "元旦节"}, name="元旦"),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_preview_says_what_the_change_then_does_and_changes_nothing_itself(store, busy, plan):
    change, now = plan(store), NOW + DAY
    before, version = standing(store), store.reference_version()
    seen = preview_change(store, change, now)
    assert (standing(store), store.reference_version()) == (before, version)

    store.keep_change(change, "admin", NOW)
    store.recompute_open(store.rules(), now)
    after = standing(store)
    changed = {clock for clock in {*before, *after} if before.get(clock) != after.get(clock)}
    assert seen.moved == len({number for number, *_ in changed})
    for wanted, turning in ((Zone.RED, seen.turning_red), (Zone.YELLOW, seen.turning_yellow)):
        worse = {c for c in after if zone_of(after, c, now) is wanted and list(Zone).index(zone_of(before, c, now)) < list(Zone).index(wanted)}
        assert sorted((turn.number, turn.step, turn.watch, turn.due_at) for turn in turning) == sorted((*c[:3], after[c][0]) for c in worse)


def zone_of(clocks: dict[tuple, tuple], clock: tuple, now) -> Zone:
    """How a clock stands; one that does not run yet stands well."""
    return zone(*clocks[clock][1:3], now) if clock in clocks else Zone.GREEN


def test_the_plans_above_do_something(store, busy):
    """Else the comparison says nothing: all but the last two move tickets, and the first turns some red."""
    seen = {name: preview_change(store, plan(store), NOW + DAY) for name, plan in PLANS.items()}
    assert [name for name, one in seen.items() if not one.moved] == ["a unit's office hours", "a holiday of another month"]
    assert seen["a shorter limit"].turning_red
    assert seen["an earlier warning"].turning_yellow
    assert not seen["an earlier warning"].turning_red


def test_rules_as_they_are_move_nothing(store, busy):
    seen = preview(store, store.rules(), NOW)
    assert (seen.moved, seen.turning_red, seen.turning_yellow) == (0, (), ())


def test_office_hours_move_the_clocks_that_count_them(store, take):
    (ticket,) = take("电费太高", said=BILL)
    change(store, "14", unit="hours", clock="office")
    assert due(store, ticket.number) == shanghai("2026-11-24 00:00")
    assert add_row(store, "office_hours", {"unit_code": "3301", "weekday": "0", "spans": "08:30-12:00;14:00-17:30"}, **ADMIN) == 1
    assert due(store, ticket.number) == shanghai("2026-11-25 10:00")


def test_an_announced_year_is_previewed_too(store, take):
    take("电费太高", said=BILL, now=shanghai("2026-12-30 15:00"))
    text = "date,is_working,name\n2027-01-01,0,元旦\n2027-01-04,0,元旦\n"
    seen = preview_calendar(store, text, year=2027, source="某文", now=NOW)
    assert (seen.moved, 2027 in {row["year"] for row in store.calendar_years()}) == (1, False)
    assert load_calendar(store, text, year=2027, source="某文", **ADMIN) == seen.moved


def test_taking_a_row_out_is_previewed_too(store, busy):
    plan = PLANS["a unit's day off"](store)
    moved = preview_change(store, plan, NOW).moved
    store.keep_change(plan, "admin", NOW)
    store.recompute_open(store.rules(), NOW)
    seen = preview_change(store, plan_remove(store, "unit_days", {"unit_code": "3301", "day_on": "2026-11-24"}), NOW)
    assert (seen.moved, moved > 1) == (moved, True)
