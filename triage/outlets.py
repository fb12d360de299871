"""The outlet of an address as an administrator writes it."""

import sys
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote

from triage.errors import InvalidInput
from triage.hosts import ESCAPED, split, wrong
from triage.mail import MAIL_PORTS, SmtpOutlet
from triage.sending import ConsoleOutlet, FileOutlet, Outlet
from triage.settings import ROOT
from triage.webhook import WebhookOutlet
from triage.wording import say

UNREADABLE = say("(the address of the outgoing channel is wrong)")


def open_outlet(address: str, folder: Path = ROOT) -> Outlet:
    """Give the outlet of an address as an administrator writes it; nothing is connected yet.

    `console:` · `file:/path/or/relative` (to `folder`) · `smtp://user:password@host:587?from=a@b&tls=starttls` · `https://host/hook#secret`.
    In the user, the password and the secret, `%40` stands for `@` and so on.

    Raises:
        InvalidInput: the address is wrong; the message says what, and never repeats it, for it holds a secret.
    """
    address = address.strip()
    if not address.isprintable():
        raise wrong(say("The address of the outgoing channel holds a line break or an invisible character; enter it again"))
    scheme, _, rest = address.partition(":")
    scheme = scheme.lower()
    if scheme == "console" and not rest:
        return ConsoleOutlet(sys.stdout)
    if scheme == "file":
        return _file_outlet(rest, folder)
    if scheme == "smtp":
        return _smtp_outlet(split(address))
    if scheme in ("http", "https"):
        url, _, secret = address.partition("#")
        return WebhookOutlet(url, unquote(secret))
    raise wrong(say("The address of an outgoing channel must start with console:, file:, smtp://, http:// or https://"))


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
            raise wrong(say("The file must be on this machine; write file:/folder/file"))
    if not path or path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        raise wrong(say("The file name is missing; write file:/folder/file"))
    return FileOutlet(folder / path)


def _smtp_outlet(parts: SplitResult) -> SmtpOutlet:
    """Read an address of a mail server; without a port, the way of encryption gives it."""
    # A plus sign is itself in an address (a+b@c), not a blank as in a form.
    options = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    given = dict(options)
    if parts.path not in ("", "/") or parts.fragment or given.keys() - {"from", "tls"} or len(given) < len(options):
        raise wrong(
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
