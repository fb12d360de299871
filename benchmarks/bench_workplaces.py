"""The workplaces through gunicorn as shipped: hints while 50 agents type, and the lists over a million tickets, each against a bare page.

`python benchmarks/bench_workplaces.py [--model FOLDER] [--tickets 1000000] [--database URL] [--seconds 60]`. The model is trained where none is
given (or named by MODEL); the database has to be empty (default: a SQLite file). What is typed is cut from the bundled corpus. Load and server
share the machine.
"""

import argparse
import asyncio
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.clients import Client, told
from benchmarks.volumes import Volume, load
from classifier.corpus import read_bundled
from classifier.model import read_model
from classifier.registry import changing, models_dir, set_current
from tests.engines import running_gunicorn
from triage.demo import make_demo, rows
from triage.migrate import migrate
from triage.people import User, hasher
from triage.reference import load_reference
from triage.settings import read_secret, read_settings
from triage.store import Database, Store
from triage.terms import Role

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "typing-typing"
PAUSE = (2.0, 4.0)  # seconds that an agent types on before the next pause
WAIT, DRAFT, BELL = 0.12, 1.0, 15.0  # seconds: the page's own wait before it asks (agent.html), before it keeps the draft, between two bells
PIECE = (4, 15)  # characters between two pauses
PAGES = (("repair", "/queue"), ("leader", "/queue"), ("dispatcher", "/dispatch"))
BARE = "/sign-in"
ROUNDS = 60


def prepare(instance: Path, environment: Mapping[str, str], model: Path | None) -> None:
    """Give a scratch instance its tables and a model."""
    migrate(read_settings(environment).database_url)
    if model is None:
        subprocess.run([sys.executable, "-m", "flask", "train"], cwd=ROOT, env=environment, check=True)
        return
    version = read_model(model).manifest.version
    with changing(instance):
        shutil.copytree(model, models_dir(instance) / version)
        set_current(instance, version, by="benchmark")


def fill(store: Store, texts: Sequence[str], tickets: int, agents: int) -> dict[str, str]:
    """Make the demo organisation, so many agents and so many tickets; give the passwords."""
    now = datetime.now(UTC)
    load_reference(store, now)
    passwords = {user.username: password for user, password in make_demo(store, now)}
    kept = hasher().hash(PASSWORD)
    for at in range(agents):
        store.add_user(User(f"agent-{at}", f"坐席 {at}", Role.AGENT, "33", "hotline"), kept, now)
        passwords[f"agent-{at}"] = PASSWORD
    teams = [(row["unit_code"], row["department_code"]) for row in rows("teams")]
    load(store.connection, Volume(tickets, now, teams, list(store.rules().topics), texts))
    store.connection.exec_driver_sql("ANALYZE")
    return passwords


def written(texts: Sequence[str], customers: Sequence[str], chance: random.Random) -> list[dict[str, str]]:
    """Give the forms of a call as they are at each pause; every second caller is a known customer."""
    text, at, forms = chance.choice(texts), 0, []
    caller = {"customer_number": chance.choice(customers)} if chance.random() < 0.5 else {"address": "清江市柳河镇三号台区"}
    key = f"bench-{chance.getrandbits(64):016x}"
    while at < len(text):
        at += chance.randint(*PIECE)
        forms.append({"submission_key": key, "channel": "phone", "relation": "self", **caller, "text-0": text[:at], "topic-0": "", "mode-0": ""})
    return forms


async def type_on(agent: Client, texts: Sequence[str], customers: Sequence[str], chance: random.Random, until: float) -> None:
    """Type complaint after complaint: at each pause the page asks for the hint, a second later it keeps the draft."""
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(chance.uniform(0, PAUSE[1]))  # nobody begins at the same moment
    while clock() < until:
        for form in written(texts, customers, chance):
            pause = chance.uniform(*PAUSE)
            await agent.ask("hint", "/complaints/hint", form)
            await asyncio.sleep(DRAFT)
            await agent.ask("draft", "/complaints/draft", form)
            await asyncio.sleep(pause - DRAFT)
            if clock() >= until:
                return


async def ask_again(agent: Client, name: str, path: str, every: float, until: float) -> None:
    """Ask for a page every so many seconds."""
    clock = asyncio.get_running_loop().time
    while clock() < until:
        await asyncio.sleep(every * random.uniform(0.5, 1.5))
        await agent.ask(name, path)


async def typing(url: str, agents: int, texts: Sequence[str], seconds: float) -> None:
    """Let the agents type at once and print how long hints, drafts and a bare page took."""
    people = [Client(url) for _ in range(agents)]
    for at, agent in enumerate(people):
        await agent.sign_in(f"agent-{at}", PASSWORD, "/complaints/new")
    with (ROOT / "data" / "demo" / "customers.csv").open(encoding="utf-8", newline="") as file:
        customers = [row["number"] for row in csv.DictReader(file)]
    visitor, until = Client(url), asyncio.get_running_loop().time() + seconds
    works = [type_on(agent, texts, customers, random.Random(at), until) for at, agent in enumerate(people)]
    works += [ask_again(agent, "bell", "/live/bell", BELL, until) for agent in people]
    await asyncio.gather(*works, ask_again(visitor, "bare", BARE, 0.2, until))
    bare = visitor.times["bare"]
    for name in ("hint", "draft", "bell"):
        print(told(name, [time for agent in people for time in agent.times.get(name, [])], bare), flush=True)
    print(told("hint from the last keystroke", [time + WAIT * 1000 for agent in people for time in agent.times["hint"]], bare))
    print(told("bare page", bare, bare), flush=True)


async def lists(url: str, passwords: Mapping[str, str]) -> None:
    """Print how long the lists take, in turn with a bare page."""
    visitor = Client(url)
    people = {name: Client(url) for name, _ in PAGES}
    for name, path in PAGES:
        await people[name].sign_in(name, passwords[name], path)
    for _ in range(ROUNDS):
        await visitor.ask("bare", BARE)
        for name, path in PAGES:
            await people[name].ask(path, path)
    for name, path in PAGES:
        print(told(f"{path} of {name}", people[name].times[path], visitor.times["bare"]), flush=True)
    print(told("bare page", visitor.times["bare"], visitor.times["bare"]), flush=True)


def main() -> None:
    """Fill a scratch instance, start gunicorn on it, and print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--model", type=Path, default=os.environ.get("MODEL"))
    asked.add_argument("--database", default="")
    for name, value in (("tickets", 1_000_000), ("agents", 50), ("seconds", 60), ("workers", os.cpu_count() or 2)):
        asked.add_argument(f"--{name}", type=int, default=value)
    given = asked.parse_args()
    texts = list(read_bundled(ROOT / "data").texts)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TRIAGE_INSTANCE": folder, "TRIAGE_DATABASE_URL": given.database}
        prepare(Path(folder), environment, Path(given.model) if given.model else None)
        database = Database(read_settings(environment).database_url)
        with database.connect() as connection:
            passwords = fill(Store(connection, read_secret(Path(folder))), texts, given.tickets, given.agents)
        database.dispose()
        with running_gunicorn(environment, workers=given.workers) as server:
            print(f"{given.tickets:,} tickets, {given.agents} agents typing, {given.workers} workers", flush=True)
            asyncio.run(typing(server.url, given.agents, texts, given.seconds))
            asyncio.run(lists(server.url, passwords))


if __name__ == "__main__":
    main()
