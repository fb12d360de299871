"""People at their browsers, for the benchmarks: a bare HTTP client that keeps a session's cookie, many of them in one process."""

import asyncio
import gzip
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
COOKIE = re.compile(r"^set-cookie: ([^;\r\n]+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Client:
    """One person's browser: where the server is, the cookie, the form's token of the page that was read last, and how long each answer took."""

    url: str
    cookie: str = ""
    csrf: str = ""
    times: dict[str, list[float]] = field(default_factory=dict)

    async def ask(self, name: str, path: str, form: Mapping[str, str] | None = None) -> str:
        """Get a path or post a form to it, keep the milliseconds under a name, and give the body; a connection each, as the server closes them.

        Raises:
            RuntimeError: the answer is an error.
        """
        server = urlsplit(self.url)
        body = urlencode({"csrf_token": self.csrf, **form}).encode() if form is not None else b""
        head = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {server.netloc}", f"Cookie: {self.cookie}", "Accept-Encoding: gzip"]
        head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "Connection: close", "", ""]
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection(server.hostname, server.port)
        writer.write("\r\n".join(head).encode() + body)
        answer = await reader.read()
        self.times.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        writer.close()
        said, _, content = answer.partition(b"\r\n\r\n")
        return self._read(path, said.decode(), content)

    def _read(self, path: str, said: str, content: bytes) -> str:
        if int(said.split()[1]) >= 400:
            raise RuntimeError(f"{path}: {said.splitlines()[0]}")
        if found := COOKIE.search(said):
            self.cookie = found[1]
        text = (gzip.decompress(content) if "content-encoding: gzip" in said.lower() else content).decode("utf-8", "replace")
        if found := CSRF.search(text):
            self.csrf = found[1]
        return text

    async def sign_in(self, username: str, password: str, first: str) -> None:
        """Sign in as a person does, and read a first page."""
        await self.ask("sign in", "/sign-in")
        await self.ask("sign in", "/sign-in", {"username": username, "password": password, "next": ""})
        await self.ask("sign in", first)


def quantile(times: Sequence[float], share: float) -> float:
    """Give a quantile of times."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def told(name: str, times: Sequence[float], bare: Sequence[float]) -> str:
    """Say how long something took, also as a ratio to a bare page."""
    shares = (0.5, 0.95, 0.99)
    figures = ", ".join(f"p{share * 100:.0f} {quantile(times, share):6.1f} ms" for share in shares)
    ratios = " and ".join(f"{quantile(times, share) / quantile(bare, share):.1f}" for share in shares[:2])
    return f"{name:<32} {figures}; {ratios} times the bare page (p50 and p95 of {len(times)})"
