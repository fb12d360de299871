"""The process of live updates as the tests meet it, and a page that listens to it, over real sockets."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"ready at http://\S+?:(\d+)/")
Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Live:
    """The running process and its port."""

    process: subprocess.Popen[str]
    port: int

    def memory(self) -> int:
        """Give the bytes that the process holds in memory."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running_live(instance: Path, *arguments: str, port: int = 0, settings: Mapping[str, str] | None = None) -> Iterator[Live]:
    """Start the process on an instance, on a port that the system picks unless one is named; end it afterwards."""
    environment = {**os.environ, "TRIAGE_INSTANCE": str(instance), **(settings or {})}
    command = [sys.executable, "-m", "routes.live", "--port", str(port), *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = READY.search(said)
            assert found, f"live updates did not start: {said}"
            yield Live(process, int(found[1]))
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@dataclass
class Listener:
    """A page that listens."""

    port: int
    cookie: str
    topics: tuple[str, ...] = ("messages",)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/live/events"

    def __post_init__(self) -> None:
        """Ask, and read the head of the answer."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        address = f"{self.path}?{urlencode([('topic', topic) for topic in self.topics])}"
        self.connection.request("GET", address, headers={"Cookie": f"triage={self.cookie}", **self.headers})
        assert isinstance(self.connection.sock, socket.socket)
        self.socket = self.connection.sock  # an answer that ends the connection takes it away from there
        self.answer = self.connection.getresponse()

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.answer.status

    def body(self) -> str:
        """Read the whole answer of a refusal."""
        return self.answer.read().decode()

    def next(self, seconds: float = 20) -> Event | None:
        """Give the next event; nothing when the stream ends.

        Raises:
            TimeoutError: none came.
        """
        until, name = time.monotonic() + seconds, ""
        while True:
            self.socket.settimeout(max(0.01, until - time.monotonic()))
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            elif not line and self.answer.isclosed():
                return None

    def close(self) -> None:
        """Go away."""
        self.answer.close()
        self.connection.close()
