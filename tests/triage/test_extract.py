"""The audit extract: its views give the metrics' figures, nothing personal stands in it, it appears whole or not at all."""

import sqlite3
import stat
from contextlib import closing
from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction, user
from triage.errors import Forbidden, InvalidInput
from triage.exports import Export, entries
from triage.extract import Extracted, Scope, extract
from triage.figures import Reading
from triage.metrics import METRICS, durations, excluded, service_index, timeliness
from triage.quality_events import enter, revoke
from triage.service_index import RULES
from triage.store.sql import block
from triage.terms import Role, Watch

TODAY = date(2026, 11, 23)
BILL = prediction("business.tariff.bill", "complaint")
LATER = NOW + timedelta(days=100)
LAST = LATER.date()
NAME, PHONE, NUMBER, ADDRESS = "欧阳小美", "13812345678", "3301000001234", "临江市城区柳荫路12号3单元"


def by_two_characters(text: str) -> list[str]:
    """Cut as a model might."""
    return [text[place : place + 2] for place in range(0, len(text), 2)]


@pytest.fixture
def write(store, tmp_path):
    """Write an extract and open it; later ones replace it."""

    def written(first: date = TODAY - timedelta(days=10), last: date = LAST, unit: str = "", now=LATER, **values):
        path = tmp_path / "extract.db"
        given = {"cut": by_two_characters, "now": now, "actor": "shell:tests", "replaces": True, **values}
        made = extract(path, Scope(first, last, unit), store=store, rules=store.rules(), **given)
        return path, made

    return written


def ask(path, sql: str, *values: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture
def past(take, move):
    """Tickets of several fates: closed well and badly, late, returned, chased, called for again, withdrawn, reopened."""
    way = ("accept", "contact", "resolve", "review", "callback", "close")
    for place, (satisfaction, finding) in enumerate([("1", "upheld"), ("5", "not_upheld"), ("2", "partly")]):
        (ticket,) = take("电费多算了", said=BILL, phone=f"1380000000{place}", now=NOW + timedelta(minutes=place))
        values = {"resolve": {"reply": "已核实并退费", "finding": finding}, "callback": {"satisfaction": satisfaction}}
        for step, code in enumerate(way):
            ticket = move(ticket, code, minutes=(3000 * place) + 10 * (step + 1), **values.get(code, {}))
    move(ticket, "reopen", minutes=7000, reason="客户不认可", by=user(Role.DISPATCHER))
    (chased,) = take("停电了", unit_code="330102")
    move(chased, "chase", minutes=10, reason="还没来")
    take("电费又多算了", said=BILL, phone="13800000000", now=NOW + timedelta(days=20))
    (back,) = take("停电了")
    move(back, "return", minutes=5, reason="不归我们", return_reason="other")
    (gone,) = take("停电了")
    move(gone, "withdraw", minutes=5, reason="客户撤诉")


@pytest.mark.parametrize("unit", ["", "3301", "330102"])
@pytest.mark.parametrize(
    ("first", "last", "now"),
    [
        pytest.param(TODAY, TODAY + timedelta(days=90), LATER, id="over, all old enough"),
        pytest.param(TODAY - timedelta(days=5), TODAY + timedelta(days=40), NOW + timedelta(days=4), id="running: some not due, some not old enough"),
        pytest.param(TODAY + timedelta(days=3), TODAY + timedelta(days=4), LATER, id="judged of events before the period"),
    ],
)
def test_the_views_give_the_figures_of_the_metrics(store, write, past, unit, first, last, now):
    path, _ = write(first, last, unit, now)
    reading = Reading(store, first, last, now, (unit,))
    for code, compute in METRICS.items():
        wanted = {(one.step, one.k, one.n, one.rate) for one in compute(reading) if one.n}
        found = set(ask(path, "SELECT step, k, n, rate FROM rates WHERE metric = ? AND watch IN ('', 'customer')", code))
        assert found == wanted, code
        assert ask(path, f"SELECT * FROM {code}") == ask(path, "SELECT * FROM rates WHERE metric = ?", code)
    other = {(one.step, one.k, one.n) for one in timeliness(reading, Watch.DEPARTMENT)}
    assert set(ask(path, "SELECT step, k, n FROM timeliness WHERE watch = 'department'")) == other


def test_every_metric_with_a_share_has_something_to_compare(store, write, past):
    path, _ = write(TODAY, TODAY + timedelta(days=90))
    assert {code for (code,) in ask(path, "SELECT DISTINCT metric FROM rates")} >= set(METRICS) - {"arrival", "override", "machine_errors"}


def test_what_is_left_out_is_that_of_the_metric(store, write, past):
    path, _ = write()
    reading = Reading(store, TODAY - timedelta(days=10), LAST, LATER)
    assert set(ask(path, "SELECT why, n FROM excluded")) == {(one.why, one.n) for one in excluded(reading)}


@pytest.mark.parametrize("unit", ["", "3301", "330102"])
@pytest.mark.parametrize("now", [LATER, NOW + timedelta(days=1)], ids=["over", "running: some not due"])
def test_median_and_ninth_decile_of_both_times_are_those_of_the_board(store, write, past, unit, now):
    path, _ = write(unit=unit, now=now)
    reading = Reading(store, TODAY - timedelta(days=10), LAST, now, (unit,))
    for view, took in (("durations", "duration"), ("worked", "worked")):
        rows = ask(path, f"SELECT * FROM {view}")
        found = {row[0]: pytest.approx(row[1:]) for row in rows}
        times = {f"{watch.value}.{one.step}": one for watch in Watch for one in durations(reading, watch, took=took)}
        assert found == {name: (one.n, one.mean, one.quantile(0.5), one.quantile(0.9)) for name, one in times.items()}, view
        assert found, view
    ended = "SELECT COUNT(*) FROM steps WHERE ended_at IS NOT NULL AND voided_at IS NULL"
    assert ask(path, f"{ended} AND used_seconds IS NULL") == [(0,)]


@pytest.fixture
def deducted(store, past):
    """Two events of a city, one of another, one revoked, one of another month; two records found untrue, one of them too early."""
    store.add_user(user(Role.AUDITOR), "!", NOW)
    good = {"kind": "misconduct", "unit_code": "330101", "happened_on": "2026-11-24", "text": "推诿，客户王大锤", "source": "录音"}
    others = ({"text": "又一起"}, {"kind": "negative_publicity", "unit_code": "330201"}, {"text": "登错"}, {"happened_on": "2026-10-01"})
    made = [enter({**good, **values}, user=user(Role.AUDITOR), store=store, now=LATER)[0] for values in ({}, *others)]
    revoke(made[3].id, {"reason": "登错"}, user=user(Role.AUDITOR), store=store, now=LATER)
    numbers = [row["number"] for row in store.rows(block("SELECT number FROM tickets ORDER BY number"))]
    for number, days in ((numbers[0], 1), (numbers[1], -30)):
        store.keep_suspicion("no_call", number, "没有呼出记录", NOW)
        (row,) = store.rows(block("SELECT id FROM suspicions WHERE ticket_number = :n"), n=number)
        store.decide_suspicion(row["id"], "confirmed", "a-auditor", NOW + timedelta(days=days))


@pytest.mark.parametrize("unit", ["", "3301", "330101", "330201"])
def test_the_service_index_is_the_boards_line_by_line(store, write, deducted, unit):
    path, _ = write(unit=unit)
    index = service_index(Reading(store, TODAY - timedelta(days=10), LAST, LATER, (unit,)))
    given = {line.code: (line.figure.k if line.figure else line.cases, line.figure and line.figure.n, line.points) for line in index.lines}
    found = {line: (cases, of_n, pytest.approx(points)) for line, cases, of_n, points in ask(path, "SELECT * FROM service_index_lines")}
    assert found == given
    assert ask(path, "SELECT points FROM service_index") == ([(pytest.approx(index.value),)] if index.lines else [])
    for (line,) in ask(path, "SELECT line FROM service_index_lines WHERE of_n IS NULL"):
        listed = ask(path, "SELECT COUNT(*) FROM index_cases WHERE line = ? AND is_revoked = 0", line)
        assert listed == [(given[line][0],)]


def test_the_index_of_everything_has_every_kind_of_line_and_the_revoked_event_takes_nothing(write, deducted):
    path, _ = write()
    assert [line for (line,) in ask(path, "SELECT line FROM service_index_lines ORDER BY line")] == sorted(RULES)
    assert ask(path, "SELECT COUNT(*), SUM(is_revoked) FROM index_cases") == [(5, 1)]
    assert "王大锤".encode() not in path.read_bytes()


def test_units_side_by_side_add_up_to_the_whole(write, past):
    path, _ = write()
    assert ask(path, "SELECT metric, step, watch, SUM(k), SUM(n) FROM rates_by_unit GROUP BY 1, 2, 3") == ask(
        path, "SELECT metric, step, watch, k, n FROM rates ORDER BY 1, 2, 3"
    )


def test_every_ticket_of_a_figure_is_in_it_and_no_other_units(write, past):
    path, made = write(unit="330102")
    assert made == Extracted(*(ask(path, f"SELECT COUNT(*) FROM {table}")[0][0] for table in ("tickets", "steps", "facts")))
    assert (made.tickets, {row[0] for row in ask(path, "SELECT unit_code FROM tickets")}) == (1, {"330102"})
    assert ask(path, "SELECT COUNT(*) FROM facts WHERE ticket_number NOT IN (SELECT number FROM tickets)") == [(0,)]


def test_nothing_personal_stands_anywhere_in_the_file(write, take):
    said = {"phone": PHONE, "caller_name": NAME, "customer_number": NUMBER, "address": ADDRESS}
    take(f"{NAME}家里停电了，电话{PHONE}，户号{NUMBER}，地址{ADDRESS}", **said)
    path, _ = write()
    ((text,),) = ask(path, "SELECT text FROM tickets")
    assert "家里停电了" in text
    content = path.read_bytes()
    assert [value for value in (NAME, PHONE, NUMBER, ADDRESS, "小美", "3单元") if value.encode() in content] == []
    assert [word for (words,) in ask(path, "SELECT words FROM tickets") for word in words.split() if word in PHONE and len(word) > 4] == []


def test_of_a_confidential_ticket_there_is_no_text(write, take):
    take("举报抄表员王大锤收钱", said=prediction("other.general", "report"))
    path, made = write()
    assert ask(path, "SELECT is_confidential, text, reply, words FROM tickets") == [(1, "", "", "")]
    assert "王大锤".encode() not in path.read_bytes()
    assert made.tickets == 1


def test_words_are_found_by_full_text(write, take):
    take("小区停电了")
    take("电费多算了", said=BILL)
    path, _ = write()
    found = "SELECT text FROM tickets WHERE id IN (SELECT rowid FROM tickets_fts WHERE tickets_fts MATCH ?)"
    assert ask(path, found, "停电") == [("小区停电了",)]
    assert ask(path, found, "水管") == []


def test_every_column_is_documented(write):
    path, _ = write()
    things = ask(path, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'tickets_fts%'")
    there = {(name, column[1]) for (name,) in things for column in ask(path, f"PRAGMA table_info({name})")}
    documented = ask(path, "SELECT table_name, column_name, meaning FROM columns")
    assert {(table, column) for table, column, _ in documented} == there
    assert all(meaning for _, _, meaning in documented)


def test_a_file_that_is_there_is_replaced_only_when_told_to(write, take):
    path, _ = write()
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="--force"):
        write(replaces=False)
    assert path.read_bytes() == before
    take("停电了")
    write()
    assert ask(path, "SELECT COUNT(*) FROM tickets") == [(1,)]


def test_an_extract_that_fails_leaves_the_old_file_and_nothing_else(store, write, take, tmp_path):
    path, _ = write()
    before, files = path.read_bytes(), {one.name for one in tmp_path.iterdir()}
    take("停电了")

    def broken(text: str) -> list[str]:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError):
        extract(path, Scope(TODAY, TODAY), store=store, rules=store.rules(), cut=broken, now=LATER, actor="shell:tests", replaces=True)
    assert (path.read_bytes(), {one.name for one in tmp_path.iterdir()}) == (before, files)
    take("停电了")  # the connection takes writes again


def test_the_trail_says_who_took_it_of_what_scope_and_how_many_tickets_and_nothing_of_a_customer(store, write, take):
    take(f"我是{NAME}，电话{PHONE}", phone=PHONE, caller_name=NAME, customer_number=NUMBER, address=ADDRESS, unit_code="330101")
    _, made = write(unit="3301")
    (entry,) = entries(user(Role.AUDITOR), store)
    assert (entry.actor, entry.happened_at) == ("shell:tests", LATER)
    assert entry.export == Export("extract", "sqlite", "3301", TODAY - timedelta(days=10), LAST, made.tickets)
    assert made.tickets == 1
    kept = str(store.rows(block("SELECT row_key, before_json, after_json FROM reference_audit WHERE table_name = 'exports'")))
    assert not any(word in kept for word in (NAME, PHONE, NUMBER, ADDRESS))
    with pytest.raises(Forbidden):
        entries(user(Role.LEADER), store)


def test_only_its_owner_reads_it_and_it_needs_no_second_file(write, past):
    path, _ = write()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ask(path, "PRAGMA journal_mode") == [("delete",)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize(("where", "unit", "says"), [("none/x.db", "", "已有文件夹"), (".", "", "已有文件夹"), ("x.db", "9999", "没有供电单位")])
def test_what_cannot_be_written_is_said(store, tmp_path, where, unit, says):
    with pytest.raises(InvalidInput, match=says):
        extract(
            tmp_path / where,
            Scope(TODAY, TODAY, unit),
            store=store,
            rules=store.rules(),
            cut=by_two_characters,
            now=LATER,
            actor="shell:tests",
            replaces=True,
        )
    assert store.count_exports() == 0
