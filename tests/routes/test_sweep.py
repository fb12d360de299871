"""`flask sweep`: says what it did, ends well whatever fails, and sends nothing twice."""

import json
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.triage.samples import SECRET
from triage.complaint import read_contact
from triage.intake import receive
from triage.reference import edit_row
from triage.store import Store


@pytest.fixture
def run(app):
    """Run the command; gives its result."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["sweep", *arguments])


@pytest.fixture
def late(store):
    """A ticket whose clocks started a month ago: its steps are past all their marks."""
    contact = read_contact({"complaints": [{"text": "三楼没电"}], "unit_code": "330101"})
    month_ago = datetime.now(UTC) - timedelta(days=30)
    (ticket,) = receive(contact, predict=lambda text: None, rules=store.rules(), store=store, now=month_ago, actor="agent")
    return ticket


def sent(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_nothing_to_do_is_said(run):
    result = run()
    assert (result.exit_code, result.output) == (0, "0 warnings, 0 sent, 0 failed, 0 waiting\n")


def test_a_late_ticket_is_warned_of_once(run, late, store):
    first = run()
    assert first.exit_code == 0, first.output
    messages = sent(first.output)
    assert messages
    assert all(late.number in message["subject"] for message in messages)
    assert len({message["key"] for message in messages}) == len(messages)
    assert f"{len(store.warnings_of(late.number))} warnings, " in first.output
    second = run()
    assert (sent(second.output), second.exit_code) == ([], 0)
    assert "0 warnings, 0 sent, 0 failed" in second.output


def test_until_done_sweeps_until_nothing_is_left(run, late):
    result = run("--until-done")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].startswith("0 warnings, 0 sent, 0 failed")
    assert sent(result.output)


def test_what_fails_is_said_and_the_command_ends_well(run, late, store, tmp_path):
    (tmp_path / "file").touch()
    address = f"file:{tmp_path}/file/that is no folder"
    edit_row(store, "outlets", {"code": "console"}, {"address": address}, actor="admin", now=datetime.now(UTC))
    result = run()
    assert result.exit_code == 0, result.output
    assert "文件无法写入" in result.output
    assert " 0 sent, " in result.output


def test_every_so_many_seconds_it_sweeps_again_until_it_is_stopped(app, run):
    seen = []

    def post_and_stop():
        """Post a message, wait until a sweep has sent it, post another: that one is another sweep's."""
        with app.extensions["triage"].database.connect() as connection:
            store = Store(connection, SECRET)
            for key in ("first", "second"):
                store.post(key, "warning", "repair", "题", "文", datetime.now(UTC), outlet="console")
                until = time.monotonic() + 20
                while store.count_waiting() and time.monotonic() < until:
                    time.sleep(0.05)
                seen.append(store.count_waiting())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=post_and_stop)
    thread.start()
    result = run("--every", "1")
    thread.join()
    assert seen == [0, 0]
    assert [message["key"] for message in sent(result.output)] == ["first", "second"]


def test_a_second_is_the_least_between_two_sweeps(run):
    assert run("--every", "0").exit_code == 2


def test_a_sweep_folds_the_figures_and_counts_them_anew_where_units_have_moved(run, late, store):
    assert store.unfolded()
    assert run().exit_code == 0
    assert store.unfolded() == 0
    with store.writing():
        store.move_unit("330201", "330101", datetime.now(UTC).date())
    assert "counted anew" in run().output
    assert not store.figures_are_stale()
    assert store.check_figures() == []


def test_figures_are_checked_and_counted_anew(app, late, store):
    rebuild = app.test_cli_runner().invoke
    assert rebuild(args=["rebuild", "figures", "--check"]).exit_code == 0
    store.fold_figures()
    store.connection.exec_driver_sql("UPDATE figures SET n = n + 1 WHERE measure = 'received' AND unit_code = '330101'")
    wrong = rebuild(args=["rebuild", "figures", "--check"])
    assert wrong.exit_code == 1
    assert "differs: received//330101/" in wrong.output
    assert rebuild(args=["rebuild", "figures"]).exit_code == 0
    assert rebuild(args=["rebuild", "figures", "--check"]).exit_code == 0
