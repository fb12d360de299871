"""Units merged: what is alive goes to the other unit in one transaction, what has ended keeps its history."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from tests.triage.samples import LIUHE, NOW, prediction, shanghai, user
from triage.demo import make_demo
from triage.errors import InvalidInput
from triage.figures import Reading
from triage.handovers import hand_over
from triage.mergers import merge_units
from triage.metrics import service_index
from triage.outage_changes import register
from triage.outage_drafts import read_draft
from triage.people import may_see
from triage.quality_events import Asked, enter
from triage.reference import add_row
from triage.routing import team_unit
from triage.shifts import plan
from triage.terms import Role, State, Step

OLD, NEW = "33010201", "330102"  # a station goes into its county
CITY, OTHER_CITY = "330101", "330201"
DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)


@pytest.fixture
def merge(store):
    """Merge the station into its county today, or other units."""

    def merged(old=OLD, new=NEW, on=TODAY, **values):
        return merge_units(old, new, on, store=store, now=NOW, actor="admin", **values)

    return merged


@pytest.fixture
def finished(store, take, move):
    """A ticket of the station that is closed."""
    ticket = take("村里停电", unit_code=OLD)[0]
    steps = (
        ("accept", {}),
        ("contact", {}),
        ("arrive", {}),
        ("resolve", {"reply": "已恢复", "finding": "upheld"}),
        ("review", {}),
        ("callback", {"satisfaction": "1"}),
        ("close", {}),
    )
    for minutes, (code, fields) in enumerate(steps, 1):
        ticket = move(ticket, code, minutes=minutes, **fields)
    return ticket


def everything(store) -> dict[str, list[tuple[object, ...]]]:
    """All rows that a merger could touch."""
    names = ("units", "teams", "users", "customers", "areas", "tickets", "steps", "co_handlings", "audit", "office_hours", "unit_days", "crews")
    return {name: sorted(map(repr, map(tuple, store.connection.execute(text(f"SELECT * FROM {name}"))))) for name in (*names, "outages", "handovers")}


def set_hours(store, unit: str, spans: str) -> None:
    add_row(store, "office_hours", {"unit_code": unit, "weekday": "0", "spans": spans, "basis": "inferred"}, actor="admin", now=NOW)


def unit_of(store, code: str):
    return next(row for row in store.units() if row["code"] == code)


def test_an_open_ticket_moves_with_its_open_steps_and_says_so_in_its_trail(store, take, merge):
    ticket = take("村里停电", unit_code=OLD)[0]
    assert (ticket.unit_code, ticket.team_unit) == (OLD, OLD)
    merge()
    moved = store.ticket(ticket.number)
    assert (moved.unit_code, moved.team_unit, moved.version) == (NEW, NEW, ticket.version + 1)
    assert {step.unit_code for step in store.steps_of(ticket.number) if step.is_open} == {NEW}
    last = store.trail(ticket.number)[-1]
    assert (last["action"], last["actor"]) == ("unit_merged", "admin")
    assert json.loads(last["detail_json"]) == {"from_unit": OLD, "to_unit": NEW, "version": moved.version}
    assert store.broken_chains() == []


def test_a_closed_ticket_keeps_its_unit_and_its_trail(store, finished, merge):
    before = (store.ticket(finished.number), store.trail(finished.number), store.steps_of(finished.number))
    assert before[0].state is State.CLOSED
    merge()
    assert (store.ticket(finished.number), store.trail(finished.number), store.steps_of(finished.number)) == before


def test_a_step_that_has_ended_keeps_the_unit_that_ended_it(store, take, move, merge):
    ticket = move(take("村里停电", unit_code=OLD)[0], "accept", minutes=1)
    merge()
    assert {step.unit_code for step in store.steps_of(ticket.number) if step.ended_at} == {OLD}


def test_a_request_for_help_goes_to_the_team_that_goes_on(store, take, move, merge):
    """The ticket is of another unit; only who helps changes."""
    ticket = take("楼道停电", unit_code=CITY)[0]
    demand = store.demand(ticket.number)
    with store.writing():
        store.start_help(ticket.number, "operations", OLD, "核查线路", demand, store.rules(), NOW, "repair")
    merge()
    (helped,) = store.co_handlings_of(ticket.number)
    assert helped.team_unit == NEW
    assert store.ticket(ticket.number).team_unit == ticket.team_unit
    assert store.trail(ticket.number)[-1]["action"] == "unit_merged"
    assert [one.number for one in store.team_queue(NEW, "operations")] == [ticket.number]


def test_users_customers_areas_and_crews_move(store, merge):
    moved = merge()
    assert (moved["users"], moved["crews"]) == (1, 1)
    assert (moved["customers"], moved["areas"]) == (1, 1)
    assert store.user("repair-liuhe").unit_code == NEW
    assert store.crew("33010201-repair-1").unit_code == NEW
    assert store.find_customer("3301000005").unit_code == NEW


def test_teams_that_the_other_unit_lacks_move_and_none_is_made_twice(store, merge):
    before = store.teams_and_parents()[1]
    old, new = ({department for unit, department in before if unit == code} for code in (OLD, NEW))
    moved = merge()
    after = store.teams_and_parents()[1]
    assert {department for unit, department in after if unit == NEW} == old | new
    assert not any(unit == OLD for unit, _ in after)
    assert moved["teams"] == len(old - new)


def test_the_units_below_get_the_other_one_above_them(store, merge):
    assert merge("330102", "330101")["children"] == 2
    assert {unit_of(store, code)["parent_code"] for code in ("33010201", "33010202")} == {"330101"}


def test_a_merged_unit_is_marked_and_not_offered_any_more(store, merge):
    merge(on=TODAY - DAY)
    assert (unit_of(store, OLD)["merged_into_code"], unit_of(store, OLD)["merged_on"]) == (NEW, TODAY - DAY)
    assert OLD not in {row["code"] for row in store.units(current_only=True)}
    assert len(store.units()) == len(store.units(current_only=True)) + 1


def test_whoever_still_names_the_old_unit_is_led_to_the_new_one(store, take, merge):
    merge()
    assert team_unit(OLD, "repair", *store.teams_and_parents()) == team_unit(NEW, "repair", *store.teams_and_parents())
    assert take("村里停电", unit_code=OLD)[0].team_unit == NEW
    assert take("村里停电", unit_code="", address=LIUHE)[0].unit_code == NEW


def test_the_leader_of_the_other_unit_sees_what_the_old_one_has_closed(store, finished, merge):
    leader = user(Role.LEADER, NEW)
    merge()
    assert may_see(leader, store.ticket(finished.number), store)


def index_of(store, unit: str) -> dict[str, float]:
    """The deductions of November for quality events, each exactly its list."""
    index = service_index(Reading(store, date(2026, 11, 1), date(2026, 11, 30), NOW, (unit,)))
    lines = [line for line in index.lines if line.behind]
    for line in lines:
        asked = Asked(line.behind.kind, unit, date(2026, 11, 1), date(2026, 11, 30), is_valid=True)
        assert len(store.quality_events(asked, 100)) == line.cases
    return {line.code: line.cases for line in lines}


def test_quality_events_count_for_the_other_unit_from_the_merger_on_as_tickets_do(store, take, merge):
    auditor = user(Role.AUDITOR)
    store.add_user(auditor, "!", NOW)
    event = {"kind": "misconduct", "unit_code": CITY, "happened_on": "2026-11-20", "text": "推诿", "source": "录音"}
    first, _ = enter(event, user=auditor, store=store, now=NOW)
    for unit in (CITY, OTHER_CITY):
        take("电费多算了", said=prediction("business.tariff.bill", "complaint"), unit_code=unit)
    assert (index_of(store, "3301"), index_of(store, "3302"), index_of(store, OTHER_CITY)) == ({"misconduct": 1}, {}, {})
    merge(CITY, OTHER_CITY)
    store.rebuild_figures()
    assert (index_of(store, "3301"), index_of(store, "3302"), index_of(store, OTHER_CITY)) == ({}, {"misconduct": 1}, {"misconduct": 1})
    assert store.quality_event(first.id) == first  # as it was entered
    for code in (CITY, OTHER_CITY):  # the same sent again, under either name
        assert enter(event | {"unit_code": code}, user=auditor, store=store, now=NOW) == (first, False)
    later, is_new = enter(event | {"text": "又一起"}, user=auditor, store=store, now=NOW)
    assert (later.unit_code, is_new) == (OTHER_CITY, True)
    assert index_of(store, OTHER_CITY) == {"misconduct": 2}


def test_the_history_of_a_unit_goes_back_through_mergers_of_mergers(store, merge):
    merge(OLD, "33010202")
    merge("33010202", NEW)
    assert store.unit_history(NEW) == (OLD, "33010202")
    assert store.unit_history("33010202") == (OLD,)
    assert store.unit_history(OLD) == ()
    assert [store.unit_now(code) for code in (OLD, "33010202", NEW, "nothing")] == [NEW, NEW, NEW, "nothing"]


def test_office_hours_go_along_where_the_other_unit_has_none(store, merge):
    set_hours(store, OLD, "08:00-12:00")
    assert merge()["office_hours"] == 1
    assert [(row["unit_code"], row["spans"]) for row in store.reference_rows("office_hours")] == [(NEW, "08:00-12:00")]
    assert {row["row_key"] for row in store.reference_trail("office_hours")} == {f"{OLD}/0", f"{NEW}/0"}


def test_office_hours_of_the_two_units_are_never_mixed(store, merge):
    set_hours(store, OLD, "08:00-12:00")
    set_hours(store, NEW, "09:00-17:00")
    assert merge()["office_hours"] == 0
    assert [(row["unit_code"], row["spans"]) for row in store.reference_rows("office_hours")] == [(NEW, "09:00-17:00")]


def test_deadlines_are_computed_again_by_the_other_units_calendar(store, take, merge):
    """Four working days from Monday 10:00 end on Friday; where Tuesday is free, on the Monday after."""
    ticket = take("电表不准", unit_code=OLD, said=prediction("business.metering.device", "complaint"))[0]
    assert store.dues(ticket.number)[Step.RESOLVE] == shanghai("2026-11-27 10:00")
    row = {"unit_code": NEW, "day_on": "2026-11-24", "is_working": "0", "name": "地方假日", "basis": "inferred"}
    add_row(store, "unit_days", row, actor="admin", now=NOW)
    merge()
    assert store.dues(ticket.number)[Step.RESOLVE] == shanghai("2026-11-30 10:00")


def test_an_outage_that_is_not_over_goes_along_with_an_entry_of_its_trail(store, merge):
    times = {"starts_at": (NOW - DAY).isoformat(), "ends_at": (NOW + DAY).isoformat()}
    values = {"number": "330102010001", "kind": "planned", "unit_code": OLD, "keywords": "柳河镇", **times}
    names = {row["code"]: row["name"] for row in store.units()}
    _, outage = register(read_draft(values, names, NOW), user=user(Role.DISPATCHER), store=store, now=NOW)
    assert merge()["outages"] == 1
    assert (store.outage(outage.number).unit_code, store.outage(outage.number).version) == (NEW, outage.version + 1)
    assert store.outage_trail(outage.number)[-1]["why"] == f"单位合并：{OLD} 并入 {NEW}"
    assert [one.number for one in store.outages_at("", LIUHE, NOW, NEW)] == [outage.number]


def test_a_shift_that_nobody_took_over_can_be_taken_over_in_the_other_unit(store, merge):
    kept = hand_over({"text": "无"}, user=store.user("repair-liuhe"), store=store, now=NOW)
    merge()
    assert store.handover(kept.id).unit_code == NEW


def test_the_crew_that_is_on_duty_stays_so(store, merge):
    rota = {"crew": "33010201-repair-1", "kind": "day", "from_on": "2026-11-23", "until_on": "2026-11-23", "starts": "08:00", "ends": "20:00"}
    plan(rota, "1", user=user(Role.LEADER, "3301"), store=store, now=NOW)
    merge()
    assert store.crew_on_duty(NEW, "repair", NOW) == "33010201-repair-1"


@pytest.mark.parametrize(
    ("old", "new", "on", "field", "said"),
    [
        pytest.param("nothing", NEW, TODAY, "old", "没有单位 nothing", id="an unknown unit"),
        pytest.param(OLD, "nothing", TODAY, "new", "没有单位 nothing", id="into an unknown unit"),
        pytest.param(OLD, OLD, TODAY, "new", "不能并入自己", id="into itself"),
        pytest.param("33", "3301", TODAY, "old", "省公司不能并入", id="the province"),
        pytest.param("330102", OLD, TODAY, "new", "不能把上级并入下级", id="into a unit below it"),
        pytest.param("3301", OLD, TODAY, "new", "不能把上级并入下级", id="into a unit far below it"),
        pytest.param(OLD, NEW, TODAY + DAY, "on", "还没有到", id="on a day to come"),
    ],
)
def test_what_cannot_be_merged_is_refused_and_nothing_changes(store, take, merge, old, new, on, field, said):
    take("村里停电", unit_code=OLD)
    before = everything(store)
    with pytest.raises(InvalidInput) as error:
        merge(old, new, on)
    assert said in {problem.field: problem.message for problem in error.value.problems}[field]
    assert everything(store) == before


def test_a_unit_is_merged_once_and_nothing_goes_into_one_that_is_gone(store, merge):
    merge()
    with pytest.raises(InvalidInput, match="柳河供电所已于 2026-11-23 并入 330102"):
        merge()
    with pytest.raises(InvalidInput, match="柳河供电所已于 2026-11-23 并入 330102"):
        merge("33010202", OLD)
    with pytest.raises(InvalidInput):
        merge(NEW, OLD)


def test_a_dry_run_says_what_would_move_and_moves_nothing(store, take, merge):
    set_hours(store, OLD, "08:00-12:00")
    take("村里停电", unit_code=OLD)
    before, version = everything(store), store.reference_version()
    said = merge(is_dry_run=True)
    assert (everything(store), store.reference_version()) == (before, version)
    assert said == merge()
    assert (said["tickets"], said["office_hours"]) == (1, 1)


def test_a_merger_that_breaks_half_way_changes_nothing(store, take, merge):
    take("村里停电", unit_code=OLD)
    before = everything(store)
    sabotage = "CREATE TRIGGER no_more BEFORE UPDATE ON customers BEGIN SELECT RAISE(ABORT, 'broken'); END"
    if store.connection.dialect.name == "postgresql":
        store.run(text("CREATE FUNCTION broken() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''broken''; END' LANGUAGE plpgsql"))
        sabotage = "CREATE TRIGGER no_more BEFORE UPDATE ON customers EXECUTE FUNCTION broken()"
    store.run(text(sabotage))
    with pytest.raises(Exception, match="broken"):
        merge()
    assert everything(store) == before


def test_the_demo_does_not_bring_a_merged_unit_back(store, merge):
    merge()
    before = everything(store)
    assert make_demo(store, shanghai("2026-11-24 08:00")) == []
    assert everything(store) == before
