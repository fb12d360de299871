"""Hosts and addresses of outbound channels: split, checked, and said to be wrong without repeating them, for they may hold a secret."""

import re
from urllib.parse import SplitResult, urlsplit

from triage.errors import InvalidInput, Problem
from triage.wording import say

ESCAPED = say("write @ : / ? # % in the username or the password as %40 %3A %2F %3F %23 %25")


def wrong(message: str) -> InvalidInput:
    """Say what is wrong with an address."""
    return InvalidInput(Problem("address", message))


def split(address: str) -> SplitResult:
    """Split an address whose port is a port; Python's own message is not passed on, for it repeats what may be a password."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise wrong(say("The host or the port is wrong; the port must be 1–65535; {escaping}", escaping=ESCAPED)) from None
    return parts


def check_host(host: str) -> None:
    """Refuse a host that no name service could look up."""
    try:
        is_name = bool(host.encode("idna")) and not re.search(r"[\s%]", host)
    except UnicodeError:
        is_name = False
    if not is_name:
        raise wrong(say("The host name is missing or wrong"))


def in_brackets(host: str) -> str:
    """An IPv6 address stands in brackets before a port."""
    return f"[{host}]" if ":" in host else host
