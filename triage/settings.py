"""What an operator may set: one tuple that defaults, help and docs all come from."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """An environment variable, its default and what it is for."""

    name: str
    default: str
    help: str


SETTINGS = (
    Setting("TRIAGE_INSTANCE", "instance", "Folder of everything that is not code: database, secret, models."),
    Setting("TRIAGE_DATABASE_URL", "", "SQLAlchemy URL of the database; empty: SQLite in the instance folder."),
    Setting("TRIAGE_POOL_SIZE", "8", "Connections that one process may hold."),
    Setting(
        "TRIAGE_INSECURE_COOKIE",
        "1",
        "1: the session cookie also goes over plain HTTP (a trial on 127.0.0.1); 0 behind HTTPS.",
    ),
    Setting(
        "TRIAGE_LIVE_URL",
        "",
        "Where pages are told of changes (docs/live.md): a path, such as /live/events, or one on another port of the same host, such as "
        ":8001/live/events; empty: pages ask by themselves, about every 15 seconds.",
    ),
    Setting("TRIAGE_LIVE_MOST", "1000", "Pages that one process of live updates holds; more are told to ask by themselves."),
)
# A cookie belongs to a host, whatever the port: a stream on another host would not know who asks.
LIVE_URL = re.compile(r"(?::\d{1,5})?(?:/[\w.-]+)+", re.ASCII)


@dataclass(frozen=True)
class Config:
    """The settings, read."""

    instance: Path
    database_url: str
    pool_size: int
    insecure_cookie: bool
    live_url: str
    live_most: int


def read_settings(environment: Mapping[str, str]) -> Config:
    """Read the settings from an environment; relative folders stand beside the product.

    Raises:
        ValueError: a number is none, or the address of live updates is on another host.
    """
    values = {setting.name: environment.get(setting.name) or setting.default for setting in SETTINGS}
    instance = (ROOT / values["TRIAGE_INSTANCE"]).resolve()
    live_url = values["TRIAGE_LIVE_URL"]
    if live_url and not LIVE_URL.fullmatch(live_url):
        raise ValueError(f"TRIAGE_LIVE_URL={live_url}: a path such as /live/events, or :8001/live/events on another port of the same host")
    return Config(
        instance=instance,
        database_url=values["TRIAGE_DATABASE_URL"] or f"sqlite:///{instance / 'triage.db'}",
        pool_size=int(values["TRIAGE_POOL_SIZE"]),
        insecure_cookie=values["TRIAGE_INSECURE_COOKIE"] == "1",
        live_url=live_url,
        live_most=int(values["TRIAGE_LIVE_MOST"]),
    )


def read_secret(instance: Path) -> bytes:
    """Give the instance's secret, made on first use and readable by its owner only; digests and sessions hang on it."""
    path = instance / "secret"
    instance.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = instance / f"secret-{secrets.token_hex(8)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with suppress(FileExistsError):
            os.link(fresh, path)  # it appears whole: of several workers that start at once, none reads an empty one
        fresh.unlink()
    return path.read_bytes()
