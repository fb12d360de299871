"""Live updates as shipped: a process of its own holds the pages' streams over real sockets, and tells each of what it asked for and may see."""

import asyncio
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from routes import create_app
from routes.live.hub import Hub, Viewer
from routes.live.topics import ROLES, Key, Wish
from routes.live.watch import Guest, Sight, Watch
from routes.web.live import MARKS, TOPICS
from tests.engines import running_gunicorn
from tests.routes.conftest import SECRET, fake_predict
from tests.served import application, cookie_of
from tests.streams import ROOT, Listener, running_live
from triage.complaint import read_contact
from triage.errors import StoreBusy
from triage.intake import receive
from triage.lifecycle import act
from triage.store import Database, Store

MANY = 300
PAGES = {"dispatch": "/dispatch", "queue": "/queue", "callbacks": "/callbacks", "requests": "/requests", "messages": "/messages"}
USERS = "agent", "dispatcher", "repair", "leader", "auditor", "admin"


@pytest.fixture(scope="module")
def instance(demo, tmp_path_factory):
    """An instance with the demo organisation."""
    folder = tmp_path_factory.mktemp("instance")
    shutil.copy(demo.file, folder / "triage.db")
    (folder / "secret").write_bytes(SECRET)
    return folder


@pytest.fixture(scope="module")
def store(instance):
    database = Database(f"sqlite:///{instance / 'triage.db'}")
    with database.connect() as connection:
        yield Store(connection, SECRET)
    database.dispose()


@pytest.fixture(scope="module")
def live(instance):
    with running_live(instance) as running:
        yield running


@pytest.fixture
def ask():
    """Give what asks for a stream; all go away with the test."""
    with ExitStack() as opened:
        yield lambda *arguments, **headers: opened.enter_context(closing(Listener(*arguments, headers=headers)))


@pytest.fixture
def listen(live, ask, store):
    """Give what lets somebody's page listen; it is told that its stream is there."""

    def listening(username, *topics, cookie="", port=0):
        listener = ask(port or live.port, cookie or cookie_of(store, username), topics or ("messages",))
        assert listener.status == 200, listener.body()
        assert listener.next() == ("ready", {})
        return listener

    return listening


def take(store, text="停电了"):
    """Take a complaint; by the fake model 停电 goes to the repair team at once, 可能 waits for a dispatcher."""
    contact = read_contact({"complaints": [{"text": text}], "unit_code": "330101"})
    return receive(contact, predict=fake_predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")[0]


def post(store, username):
    store.post(secrets.token_hex(8), "warning", username, "题", "文", datetime.now(UTC))


def told(listener):
    """Give the topic of the next event."""
    name, values = listener.next()
    assert name == "changed"
    return values["topic"]


@pytest.mark.gunicorn
def test_three_hundred_pages_are_held_while_both_web_workers_answer(instance, listen, store):
    cookie = cookie_of(store, "repair")
    listeners = [listen("repair", "messages", "queue", cookie=cookie) for _ in range(MANY)]
    with running_gunicorn({"TRIAGE_INSTANCE": str(instance)}, workers=2) as server:
        assert [status_of(server.url, "/queue", cookie) for _ in range(20)] == [200] * 20
        take(store)
        assert [told(listener) for listener in listeners] == ["queue"] * MANY
        assert [status_of(server.url, "/queue", cookie) for _ in range(20)] == [200] * 20


def status_of(url, path, cookie):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("GET", path, headers={"Cookie": f"triage={cookie}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_change_reaches_those_whom_it_concerns_and_no_others(listen, store):
    team, unit = listen("repair", "messages", "queue"), listen("leader", "messages", "queue")
    others = {name: listen(name, "messages", topic) for name, topic in (("billing", "queue"), ("dispatcher", "dispatch"), ("agent", "callbacks"))}
    take(store)
    assert (told(team), told(unit)) == ("queue", "queue")
    for name, other in others.items():
        post(store, name)  # what comes first is this, so nothing came before it
        assert told(other) == "messages"


def test_what_is_told_names_no_one_and_nothing(listen, store):
    page = listen("repair", "messages", "queue")
    take(store, "13800001234 停电了")
    name, values = page.next()
    assert (name, set(values), values["topic"]) == ("changed", {"topic", "within"}, "queue")


def test_the_dispatchers_desk_is_told_of_what_waits_and_of_claims(listen, store):
    desk = listen("dispatcher", "dispatch")
    ticket = take(store, "可能是电表的问题")
    assert told(desk) == "dispatch"
    store.claim(ticket.number, "dispatcher", datetime.now(UTC), timedelta(minutes=5))
    assert told(desk) == "dispatch"


def test_a_tickets_page_is_told_when_somebody_moves_the_ticket(listen, store):
    ticket = take(store)
    page, other = (listen(name, "messages", f"ticket:{ticket.number}:{ticket.version}") for name in ("repair", "dispatcher"))
    act(ticket.number, "accept", {}, user=store.user("repair"), version=ticket.version, store=store, rules=store.rules(), now=datetime.now(UTC))
    assert (told(page), told(other)) == ("ticket", "ticket")


def test_a_tickets_page_that_is_old_already_is_told_at_once(listen, store):
    ticket = take(store)
    assert told(listen("repair", f"ticket:{ticket.number}:{ticket.version - 1}")) == "ticket"


@pytest.mark.parametrize("change", ["signed out", "kept out", "stands in"])
def test_a_session_that_ends_or_sees_something_else_is_cut_off_and_another_is_not(listen, store, change):
    cut, kept = listen("billing", "messages", "queue"), listen("repair", "messages", "queue")
    now = datetime.now(UTC)
    if change == "stands in":
        store.add_delegation("repair", "billing", now, now + timedelta(hours=1), "leader", now)
    elif change == "kept out":
        store.set_active("billing", False)
    else:
        store.set_password("billing", "another")
    assert (cut.next(), cut.next()) == (("ended", {}), None)
    post(store, "repair")
    assert told(kept) == "messages"
    store.set_active("billing", True)
    for given in store.delegations_of("billing"):
        store.revoke_delegation(given.id, now)


REFUSALS = {
    "nobody": ("", ("messages",), 401),
    "another team's list": ("repair", ("dispatch",), 403),
    "one of two": ("repair", ("messages", "callbacks"), 403),
    "another team's ticket": ("billing", ("ticket:{ticket}:1",), 403),
    "no such ticket": ("repair", ("ticket:2000010100000001:1",), 404),
    "no such topic": ("repair", ("weather",), 422),
    "nothing": ("repair", ("",), 422),
    "too much": ("repair", tuple(f"ticket:{number}:1" for number in range(9)), 422),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=[*REFUSALS])
def test_who_may_not_see_it_is_told_why_and_not_held(live, ask, store, case):
    username, topics, status = case
    number = take(store).number
    cookie = cookie_of(store, username) if username else "no cookie of ours"
    answer = ask(live.port, cookie, tuple(topic.format(ticket=number) for topic in topics))
    assert (answer.status, bool(answer.body())) == (status, True)


def test_when_all_places_are_taken_the_next_is_told_to_come_again_and_a_free_one_is_given_away(instance, ask, listen, store):
    cookie = cookie_of(store, "repair")
    with running_live(instance, settings={"TRIAGE_LIVE_MOST": "2"}) as live:
        first, _ = (listen("repair", cookie=cookie, port=live.port) for _ in range(2))
        third = ask(live.port, cookie)
        assert (third.status, int(third.answer.headers["Retry-After"]) > 0) == (503, True)
        assert "定时刷新" in third.body()
        first.close()
        statuses = (ask(live.port, cookie).status for _ in range(100))
        assert 200 in statuses


def test_only_the_products_own_pages_may_read_it(instance, ask, store):
    cookie = cookie_of(store, "repair")
    with running_live(instance, "--page-port", "8000") as live:

        def asked(origin):
            answer = ask(live.port, cookie, Origin=origin).answer
            return answer.status, answer.headers.get("Access-Control-Allow-Origin"), answer.headers.get("Access-Control-Allow-Credentials")

        own, same = "http://127.0.0.1:8000", f"http://127.0.0.1:{live.port}"
        assert asked(own) == (200, own, "true")
        assert asked(same) == (200, same, "true")
        for other in ("http://127.0.0.1:8002", "http://localhost:8000", "https://elsewhere.example", "null"):
            assert asked(other) == (403, None, None)


def test_the_process_ends_when_told_and_its_streams_with_it(instance, listen):
    with running_live(instance) as live:
        page = listen("repair", port=live.port)
        live.process.terminate()
        assert (page.next(), page.next()) == (("ended", {}), None)
        assert live.process.wait(timeout=20) == 0


STARTS = """
import os, sys
from scripts.serve import start_live
start_live("127.0.0.1", 8000)
print("pages:", os.environ.get("TRIAGE_LIVE_URL"), flush=True)
sys.stdin.read()"""


@contextmanager
def starter(instance, port):
    """Start live updates as `make serve` does."""
    environment = {**os.environ, "TRIAGE_INSTANCE": str(instance), "LIVE_PORT": str(port)}
    environment.pop("TRIAGE_LIVE_URL", None)
    command = [sys.executable, "-c", STARTS]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        limit = threading.Timer(60, process.kill)  # what never says anything is not waited for
        limit.start()
        try:
            yield process, process.stdout
        finally:
            limit.cancel()
            process.kill()


def test_what_make_serve_starts_ends_with_it_even_when_it_is_killed(instance):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with starter(instance, port) as (process, said):
        first, second = sorted((said.readline(), said.readline()))
        assert f"http://127.0.0.1:{port}/" in first
        assert second == f"pages: :{port}/live/events\n"
        process.kill()
        assert said.read() == ""  # comes to its end only when the process that writes there too has ended


def test_where_the_port_is_taken_make_serve_says_so_and_pages_ask_by_themselves(instance):
    with socket.create_server(("127.0.0.1", 0)) as taken, starter(instance, taken.getsockname()[1]) as (_, said):
        assert "no live updates" in said.readline()
        assert said.readline() == "pages: None\n"


@pytest.mark.parametrize("topic", ROLES)
def test_who_may_be_told_of_a_list_is_who_may_open_its_page(demo, tmp_path, store, topic):
    with application(demo, tmp_path) as (app, database), database.connect() as connection:
        for username in USERS:
            client = app.test_client()
            client.set_cookie("triage", cookie_of(Store(connection, SECRET), username))
            opens = client.get(PAGES[topic]).status_code == 200
            assert opens == (store.user(username).role in ROLES[topic]), username


def test_every_list_that_refreshes_by_itself_can_be_listened_to():
    assert {*TOPICS} == {endpoint for endpoint in MARKS if endpoint not in ("pages.messages", "pages.bell")}
    assert {*TOPICS.values(), "messages"} == {*ROLES}


@pytest.mark.parametrize(
    ("live_url", "source", "address"),
    [
        ("", "connect-src 'self';", 'data-stream=""'),
        ("/live/events", "connect-src 'self';", 'data-stream="/live/events?topic=messages&amp;topic=queue"'),
        (
            ":8001/live/events",
            "connect-src 'self' http://localhost:8001;",
            'data-stream="http://localhost:8001/live/events?topic=messages&amp;topic=queue"',
        ),
    ],
    ids=["none", "behind a proxy", "on another port"],
)
def test_the_page_names_its_stream_and_the_policy_allows_it_and_nothing_else(demo, tmp_path, live_url, source, address):
    with application(demo, tmp_path) as (plain, database), database.connect() as connection:
        app = create_app(plain.extensions["triage"], live_url=live_url)
        client = app.test_client()
        client.set_cookie("triage", cookie_of(Store(connection, SECRET), "repair"))
        page = client.get("/queue")
        assert source in page.headers["Content-Security-Policy"]
        assert address in page.get_data(as_text=True)


def test_a_host_that_would_add_to_the_policy_is_not_named_in_it(demo, tmp_path):
    with application(demo, tmp_path) as (plain, _):
        app = create_app(plain.extensions["triage"], live_url=":8001/live/events")
        policy = app.test_client().get("/sign-in", headers={"Host": "a;script-src *"}).headers["Content-Security-Policy"]
        assert "connect-src 'self';" in policy
        assert "script-src *" not in policy


def test_a_look_sees_each_commit_once_and_reads_nothing_between(database_url):
    database, now, key = Database(database_url), datetime.now(UTC), Key("messages", ("repair",))
    watch = Watch(database, SECRET)
    first = watch.look({key}, set(), now, is_due=False)
    assert watch.look({key}, set(), now, is_due=False) is None
    with database.connect() as connection:
        post(Store(connection, SECRET), "repair")
    second = watch.look({key}, set(), now, is_due=False)
    assert first.marks[key] != second.marks[key]
    assert watch.look({key}, set(), now, is_due=False) is None
    assert watch.look({key}, set(), now, is_due=True) == second
    watch.close()
    database.dispose()


class Blind(Watch):
    """A database that does not answer, and then does."""

    times = 0

    def look(self, keys, digests, now, *, is_due):
        self.times += 1
        raise StoreBusy("没有响应") if self.times == 1 else RuntimeError("name of somebody")


def run(work):
    """Run a coroutine in a thread of its own: in the main one the browser tests' loop may be at work."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def never_mind(hub):
    await hub.round()
    await hub.round()


def test_a_database_that_does_not_answer_ends_no_stream_and_nothing_of_it_is_written_down(caplog):
    watch = Blind(Database("sqlite://"), SECRET)
    hub = Hub(watch, 1)
    viewer = Viewer(Guest("d", ((),), Wish(()), {}))
    hub.viewers.add(viewer)
    run(never_mind(hub))
    assert (watch.times, viewer.is_ended) == (2, False)
    assert "RuntimeError" in caplog.text
    assert "somebody" not in caplog.text


def test_a_page_that_was_made_after_a_change_is_not_told_of_it_and_of_the_next_one_it_is():
    key = Key("ticket", ("1",))
    hub = Hub(Watch(Database("sqlite://"), SECRET), 2)
    before, after = (Viewer(Guest("d", ((),), Wish((key,)), {key: (version,)})) for version in (1, 2))
    hub.viewers, hub.marks = {before, after}, {key: (1,)}

    def told(version):
        hub.tell(Sight({key: (version,)}, {"d": ((),)}), {key}, {"d"})
        return [run(viewer.news(0.01)) != ":\n\n" for viewer in (before, after)]

    assert told(2) == [True, False], "whoever moved the ticket looks at a page that shows it moved"
    assert told(3) == [True, True]


def test_a_page_that_reads_slowly_has_one_word_a_topic_waiting_and_silence_is_broken_by_a_heartbeat():
    async def listened():
        viewer = Viewer(Guest("d", ((),), Wish(()), {}))
        silent = await viewer.news(0.01)
        for within in (10, 3000, 20):
            viewer.tell("queue", within)
        return silent, await viewer.news(10)

    assert run(listened()) == (":\n\n", 'event: changed\ndata: {"topic": "queue", "within": 3000}\n\n')
