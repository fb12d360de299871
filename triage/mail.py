"""Mail (SMTP, RFC 5321) as an outbound channel."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.header import Header
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from urllib.parse import quote

from triage.hosts import ESCAPED, check_host, in_brackets, wrong
from triage.moments import in_shanghai
from triage.sending import TIMEOUT, Message, SendFailed, reason_of
from triage.texts import clean
from triage.wording import say

ATOM, LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
MAILBOX = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")  # RFC 5321 4.1.2, without quotes
MAIL_PORTS = {"none": 25, "starttls": 587, "tls": 465}  # RFC 5321, RFC 6409, RFC 8314
UNFOLDED = compat32.clone(max_line_length=None)  # a Message-ID stays on its line; the subject is folded where it is encoded


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
        check_host(self.host)
        if self.tls not in MAIL_PORTS:
            raise wrong(say("The encryption tls must be none, starttls or tls"))
        if not MAILBOX.fullmatch(self.sender):
            raise wrong(say("The sender's address is missing or is not a mail address; write ?from=95598@example.com"))
        if bool(self.username) != bool(self.password):
            raise wrong(say("Give both the username and the password, or neither; {escaping}", escaping=ESCAPED))
        if not (self.username + self.password).isascii():
            raise wrong(say("The username and the password of a mail server may hold ASCII characters only (SMTP AUTH)"))

    def __str__(self) -> str:
        """The address without the password."""
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        return f"smtp://{user}{in_brackets(self.host)}:{self.port}?from={self.sender}&tls={self.tls}"

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
    return SendFailed(say("The mail was not sent: {reason}", reason=reason_of(error)))
