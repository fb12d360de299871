"""Outbound channels (外发渠道) behind one small protocol: mail and webhook are its real twins, console and file those for a trial.

A message goes out at least once: what was lost on the way is sent again under the same key, by which the far side drops a double.
No secret stands in an error, a repr or `describe`; of what the far side answers, only the status is told, because it may echo anything.
"""

import fcntl
import http.client
import json
import os
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO

from triage.errors import InvalidInput, Problem, TriageError
from triage.moments import in_shanghai, in_utc
from triage.texts import clean
from triage.wording import say

TIMEOUT = 10.0  # seconds of each wait (connect, one answer), not of the whole
KEY = re.compile(r"[!-~]{1,100}")
REASONS: tuple[tuple[type[Exception], str], ...] = (  # the nearest class first
    (TimeoutError, say("The other side did not answer in time; check the host, the port and the network")),
    (ConnectionRefusedError, say("The other side refused the connection; check the host and the port, and that its service is running")),
    (socket.gaierror, say("The host cannot be found; check its name")),
    (
        ssl.SSLCertVerificationError,
        say(
            "The certificate of the other side is not trusted; check the host name, or add the authority that issued it to those this machine trusts"
        ),
    ),
    (ssl.SSLError, say("No encrypted connection could be made; check the port and the encryption")),
    (smtplib.SMTPServerDisconnected, say("The mail server broke off the connection")),
    (smtplib.SMTPException, say("The mail server does not support the encryption or the login asked for; check tls, the username and the password")),
    (http.client.HTTPException, say("The answer of the other side is not complete HTTP; check the host and the port")),
    (ConnectionError, say("The connection broke off")),
)


class SendFailed(TriageError):
    """A message did not go out; `is_final` says that sending the same again makes no sense."""

    code = "send_failed"

    def __init__(self, message: str, is_final: bool = False) -> None:
        """Keep the reason that the administrator reads, and whether it is for good."""
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True)
class Message:
    """What goes out. `key` names it for good: Message-ID and Idempotency-Key; `written_at` is the date of the mail.

    Raises:
        InvalidInput: the key is not 1–100 visible ASCII signs, or the moment has no zone.
    """

    key: str
    recipient: str
    subject: str
    body: str
    written_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what no channel could carry."""
        if not KEY.fullmatch(self.key):
            raise InvalidInput(Problem("key", say("The number of a message must be 1–100 visible ASCII letters, digits or signs, without spaces")))
        if self.written_at:
            in_utc(self.written_at)

    def as_json(self) -> str:
        """Give the message as one line of JSON; what no page can show is taken out (`triage.texts.clean`)."""
        texts = {"key": self.key, "recipient": self.recipient, "subject": self.subject, "body": self.body}
        written_at = in_shanghai(self.written_at).isoformat() if self.written_at else None
        return json.dumps({**clean(texts), "written_at": written_at}, ensure_ascii=False)


class Outlet(Protocol):
    """A way out for messages."""

    def send(self, message: Message) -> None:
        """Send one message; when this returns, the far side has taken it.

        Raises:
            SendFailed: it has not, or did not say so in time; with the reason and whether to try again.
        """
        ...


@dataclass(frozen=True)
class ConsoleOutlet:
    """Writes each message as a line of JSON to a stream: for a trial, not for personal data."""

    stream: TextIO

    def send(self, message: Message) -> None:
        """Write the message as one line."""
        try:
            self.stream.write(message.as_json() + "\n")
            self.stream.flush()
        except (OSError, ValueError):  # ValueError: the stream is closed, or cannot write Chinese
            raise SendFailed(say("The console cannot be written to")) from None


@dataclass(frozen=True)
class FileOutlet:
    """Appends each message as a line of JSON (NDJSON) to a file that only its owner reads."""

    path: Path

    def send(self, message: Message) -> None:
        """Write the message as one whole line and have it on the disk; a line that did not fit is taken back."""
        line = (message.as_json() + "\n").encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = os.fstat(file.fileno()).st_size
                try:
                    if file.write(line) < len(line):
                        raise OSError("the disk is full")
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)
                    raise
        except OSError:
            raise SendFailed(say("The file cannot be written to; check the permissions of the folder and the disk space")) from None


def reason_of(error: Exception) -> str:
    """Say in Chinese why the far side was not reached."""
    kinds = (error, error.__context__)  # smtplib hides a timeout behind a lost connection
    if any(isinstance(kind, TimeoutError) for kind in kinds):
        return REASONS[0][1]
    return next((text for kind, text in REASONS if isinstance(error, kind)), say("There is no network connection; check the host and the network"))
