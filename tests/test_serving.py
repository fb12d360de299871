"""The product as shipped, through gunicorn: nothing acknowledged is lost, and no connection is shared between threads or forks."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.engines import running_gunicorn

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.gunicorn


def flask(environment, *arguments):
    done = subprocess.run([sys.executable, "-m", "flask", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A migrated instance with the demo organisation and no model: tickets are taken all the same."""
    made = {**os.environ, "TRIAGE_INSTANCE": str(tmp_path_factory.mktemp("instance"))}
    made.pop("TRIAGE_DATABASE_URL", None)
    flask(made, "migrate")
    flask(made, "demo")
    return made


@pytest.fixture(scope="module")
def token(environment):
    return flask(environment, "tokens", "add", "agent", "--label", "test").splitlines()[-1]


def call(base, method, path, token, body=None, **headers):
    """One request on a connection of its own; gives the status and the JSON."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        connection.request(method, path, json.dumps(body) if body is not None else None, sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def complaint(key):
    text = f"客户反映第 {key} 号台区昨晚起没电，请尽快核实处理"
    return {"submission_key": f"serving-{key}", "unit_code": "330101", "complaints": [{"text": text}]}


@pytest.mark.parametrize("threads", [None, 4], ids=["sync", "threads"])
def test_many_callers_at_once_are_all_served_and_every_number_is_unique(environment, token, threads):
    with running_gunicorn(environment, threads=threads) as server:

        def submit(key):
            return call(server.url, "POST", "/api/v1/contacts", token, complaint(f"{threads}-{key}"))

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(submit, range(120)))
            assert {status for status, _ in answers} == {201}
            numbers = [answer["tickets"][0]["number"] for _, answer in answers]
            assert len(set(numbers)) == 120
            read = list(pool.map(lambda number: call(server.url, "GET", f"/api/v1/tickets/{number}", token), numbers))
        assert [answer["number"] for _, answer in read] == numbers


def test_what_was_acknowledged_before_kill_9_is_there_whole_after_the_restart(environment, token):
    acknowledged = {}
    with running_gunicorn(environment) as server:
        started = threading.Event()

        def submit(key):
            try:
                status, answer = call(server.url, "POST", "/api/v1/contacts", token, complaint(f"kill-{key}"))
            except (OSError, http.client.HTTPException):
                return
            if status == 201:
                acknowledged[key] = answer["tickets"][0]["number"]
            if len(acknowledged) >= 60:
                started.set()

        with ThreadPoolExecutor(20) as pool:
            waiting = [pool.submit(submit, key) for key in range(200)]
            assert started.wait(60)
            os.killpg(server.process.pid, signal.SIGKILL)
            for future in waiting:
                future.result()
    assert 60 <= len(acknowledged) < 200
    time.sleep(0.2)
    with running_gunicorn(environment) as server:
        for key, number in acknowledged.items():
            status, ticket = call(server.url, "GET", f"/api/v1/tickets/{number}", token)
            assert (status, ticket["number"]) == (200, number)
            assert f"kill-{key} 号台区" in ticket["text"]
            _, steps = call(server.url, "GET", f"/api/v1/tickets/{number}/steps", token)
            assert {step["step"] for step in steps["steps"]} >= {"dispatch", "contact", "resolve"}
        status, again = call(server.url, "POST", "/api/v1/contacts", token, complaint(f"kill-{next(iter(acknowledged))}"))
        assert status == 200
        assert again["tickets"][0]["number"] in acknowledged.values()
    assert flask(environment, "verify-audit") == "every chain holds"
