"""Outbound channels (外发渠道) behind one small protocol: mail (SMTP) and webhook, with console and file as their twins for a trial.

A message goes out at least once: what was lost on the way is sent again under the same key, by which the far side drops a double.
No secret stands in an error, a repr or `describe`; of what the far side answers, only the status is told, because it may echo anything.
"""

import fcntl
import hashlib
import hmac
import http.client
import json
import os
import re
import smtplib
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from triage.errors import InvalidInput, Problem, TriageError
from triage.moments import in_shanghai, in_utc
from triage.settings import ROOT
from triage.texts import clean
from triage.wording import say

TIMEOUT = 10.0  # seconds of each wait (connect, one answer), not of the whole
KEY = re.compile(r"[!-~]{1,100}")
ATOM, LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
MAILBOX = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")  # RFC 5321 4.1.2, without quotes
MAIL_PORTS = {"none": 25, "starttls": 587, "tls": 465}  # RFC 5321, RFC 6409, RFC 8314
UNFOLDED = compat32.clone(max_line_length=None)  # a Message-ID stays on its line; the subject is folded where it is encoded
MAY_PASS = (408, 429)  # of the 4xx, those that say "later", not "never" (RFC 9110 15.5.9, RFC 6585 4)
UNREADABLE = say("(the address of the outgoing channel is wrong)")
SIGNATURE = "X-Triage-Signature"
ESCAPED = say("write @ : / ? # % in the username or the password as %40 %3A %2F %3F %23 %25")
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


@dataclass(frozen=True)
class SmtpOutlet:
    """Sends mail (RFC 5321); with `starttls` or `tls` never in clear, and only to a server whose certificate is trusted.

    Raises:
        InvalidInput: the way of encryption is unknown, the sender is no mailbox, or of username and password only one is given.
    """

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        """Refuse what could never send."""
        _check_host(self.host)
        if self.tls not in MAIL_PORTS:
            raise _wrong(say("The encryption tls must be none, starttls or tls"))
        if not MAILBOX.fullmatch(self.sender):
            raise _wrong(say("The sender's address is missing or is not a mail address; write ?from=95598@example.com"))
        if bool(self.username) != bool(self.password):
            raise _wrong(say("Give both the username and the password, or neither; {escaping}", escaping=ESCAPED))
        if not (self.username + self.password).isascii():
            raise _wrong(say("The username and the password of a mail server may hold ASCII characters only (SMTP AUTH)"))

    def __str__(self) -> str:
        """The address without the password."""
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        return f"smtp://{user}{_in_brackets(self.host)}:{self.port}?from={self.sender}&tls={self.tls}"

    def send(self, message: Message) -> None:
        """Send the message as one mail; 5xx is for good, 4xx is not (RFC 5321 4.2.1)."""
        if not MAILBOX.fullmatch(message.recipient):
            raise SendFailed(
                say("The recipient is not a mail address (such as team@example.com, ASCII characters only); correct it and send again"), is_final=True
            )
        try:
            with self._server() as server:
                server.send_message(self._mail(message), self.sender, message.recipient)
        except (OSError, smtplib.SMTPException) as error:
            raise _mail_failure(error) from None

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Connect, encrypt, sign in; what goes wrong when saying goodbye does not undo what was sent."""
        context = ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        with closing(server):
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.username:
                server.login(self.username, self.password)
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _mail(self, message: Message) -> MIMEText:
        """Make the mail; no machine answers it (Auto-Submitted, RFC 3834).

        The subject is encoded as a whole: `EmailMessage` would lose a blank where it folds between plain and encoded words (Python 3.11).
        """
        lines = clean(message.body).replace("\r\n", "\n").replace("\r", "\n")
        mail = MIMEText(lines.replace("\n", "\r\n"), "plain", "utf-8", policy=UNFOLDED)  # RFC 2045 6.8: CRLF before base64
        mail["From"], mail["To"] = self.sender, message.recipient
        mail["Subject"] = Header(" ".join(clean(message.subject).split()), "utf-8", header_name="Subject").encode()
        mail["Message-ID"] = f"<{quote(message.key, safe='')}@{self.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.written_at:
            mail["Date"] = format_datetime(in_shanghai(message.written_at))
        return mail


@dataclass(frozen=True)
class WebhookOutlet:
    """Posts each message as JSON, signed with HMAC-SHA256 over the body (RFC 2104); goes straight to the host, without a proxy.

    Raises:
        InvalidInput: the URL is not http or https, carries a password, or there is no secret to sign with.
    """

    url: str = field(repr=False)  # its query may hold a token
    secret: str = field(repr=False)
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        """Refuse what could never send."""
        parts = _split(self.url)
        if parts.scheme not in ("http", "https"):
            raise _wrong(say("The URL must start with http:// or https://"))
        _check_host(parts.hostname or "")
        if "@" in parts.netloc:
            raise _wrong(say("The URL cannot hold a username and password; use a signing key after # instead"))
        if not self.secret:
            raise _wrong(say("The signing key is missing; write https://host/path#key"))

    def __str__(self) -> str:
        """The URL without secret and query."""
        parts = _split(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}{'?…' if parts.query else ''}"

    def send(self, message: Message) -> None:
        """Post the message: 2xx is sent, 4xx is for good except 408 and 429; a redirect is not followed, for the secret's sake."""
        try:
            status = self._post(message.as_json().encode(), message.key)
        except (OSError, http.client.HTTPException) as error:
            raise SendFailed(say("The message was not delivered: {reason}", reason=_reason(error))) from None
        if 300 <= status < 400:
            raise SendFailed(
                say(
                    "The other side redirects elsewhere (status {status}), which for safety was not followed; change the "
                    "address of the channel to the final URL",
                    status=status,
                )
            )
        if not 200 <= status < 300:
            raise SendFailed(
                say("The other side did not take the message (status {status}); check the URL and the signing key", status=status),
                400 <= status < 500 and status not in MAY_PASS,
            )

    def _post(self, body: bytes, key: str) -> int:
        """Post signed bytes; give the status, whatever it is."""
        parts = _split(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="/%:@!$&'()*+,;=?~[]")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            SIGNATURE: f"sha256={hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()}",
        }
        with closing(kind(parts.hostname or "", parts.port, timeout=self.timeout)) as connection:
            connection.request("POST", target, body, headers)
            with connection.getresponse() as response:
                return response.status


def open_outlet(address: str, folder: Path = ROOT) -> Outlet:
    """Give the outlet of an address as an administrator writes it; nothing is connected yet.

    `console:` · `file:/path/or/relative` (to `folder`) · `smtp://user:password@host:587?from=a@b&tls=starttls` · `https://host/hook#secret`.
    In the user, the password and the secret, `%40` stands for `@` and so on.

    Raises:
        InvalidInput: the address is wrong; the message says what, and never repeats it, for it holds a secret.
    """
    address = address.strip()
    if not address.isprintable():
        raise _wrong(say("The address of the outgoing channel holds a line break or an invisible character; enter it again"))
    scheme, _, rest = address.partition(":")
    scheme = scheme.lower()
    if scheme == "console" and not rest:
        return ConsoleOutlet(sys.stdout)
    if scheme == "file":
        return _file_outlet(rest, folder)
    if scheme == "smtp":
        return _smtp_outlet(_split(address))
    if scheme in ("http", "https"):
        url, _, secret = address.partition("#")
        return WebhookOutlet(url, unquote(secret))
    raise _wrong(say("The address of an outgoing channel must start with console:, file:, smtp://, http:// or https://"))


def describe(address: str) -> str:
    """Give an address without its secret, for pages and logs; of one that is wrong, nothing is given away."""
    try:
        outlet = open_outlet(address)
    except InvalidInput:
        return UNREADABLE
    return str(outlet) if isinstance(outlet, SmtpOutlet | WebhookOutlet) else address.strip()


def _file_outlet(path: str, folder: Path) -> FileOutlet:
    """Read what stands behind `file:`."""
    if path.startswith("//"):
        path = path.removeprefix("//")
        if not path.startswith("/"):
            raise _wrong(say("The file must be on this machine; write file:/folder/file"))
    if not path or path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        raise _wrong(say("The file name is missing; write file:/folder/file"))
    return FileOutlet(folder / path)


def _smtp_outlet(parts: SplitResult) -> SmtpOutlet:
    """Read an address of a mail server; without a port, the way of encryption gives it."""
    # A plus sign is itself in an address (a+b@c), not a blank as in a form.
    options = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    given = dict(options)
    if parts.path not in ("", "/") or parts.fragment or given.keys() - {"from", "tls"} or len(given) < len(options):
        raise _wrong(
            say("Write the address of the mail server as smtp://username:password@host:port?from=sender&tls=starttls; {escaping}", escaping=ESCAPED)
        )
    tls = given.get("tls", "starttls")
    return SmtpOutlet(
        host=parts.hostname or "",
        port=parts.port or MAIL_PORTS.get(tls, 0),
        sender=given.get("from", ""),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
    )


def _wrong(message: str) -> InvalidInput:
    """Say what is wrong with an address."""
    return InvalidInput(Problem("address", message))


def _split(address: str) -> SplitResult:
    """Split an address whose port is a port; Python's own message is not passed on, for it repeats what may be a password."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise _wrong(say("The host or the port is wrong; the port must be 1–65535; {escaping}", escaping=ESCAPED)) from None
    return parts


def _check_host(host: str) -> None:
    """Refuse a host that no name service could look up."""
    try:
        is_name = bool(host.encode("idna")) and not re.search(r"[\s%]", host)
    except UnicodeError:
        is_name = False
    if not is_name:
        raise _wrong(say("The host name is missing or wrong"))


def _in_brackets(host: str) -> str:
    """An IPv6 address stands in brackets before a port."""
    return f"[{host}]" if ":" in host else host


def _reason(error: Exception) -> str:
    """Say in Chinese why the far side was not reached."""
    kinds = (error, error.__context__)  # smtplib hides a timeout behind a lost connection
    if any(isinstance(kind, TimeoutError) for kind in kinds):
        return REASONS[0][1]
    return next((text for kind, text in REASONS if isinstance(error, kind)), say("There is no network connection; check the host and the network"))


def _mail_failure(error: Exception) -> SendFailed:
    """Say what a mail server's refusal means."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        status = next(iter(error.recipients.values()))[0]
        return SendFailed(say("The mail server does not accept the recipient's address (status {status})", status=status), 500 <= status < 600)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendFailed(
            say("The mail server does not accept the username or the password (status {status})", status=error.smtp_code),
            500 <= error.smtp_code < 600,
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return SendFailed(say("The mail server did not take the mail (status {status})", status=error.smtp_code), 500 <= error.smtp_code < 600)
    return SendFailed(say("The mail was not sent: {reason}", reason=_reason(error)))
