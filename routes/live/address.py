"""Where a page finds its stream: below its own origin, or on another port of the host by which the page was reached."""

import re

PORT = re.compile(r":(\d+)(/.*)")
HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")  # what may stand in a security policy


def origin_of(live_url: str, scheme: str, host: str) -> str:
    """Give the stream's origin for the security policy; empty where it is the page's own, or there is no stream."""
    found, named = PORT.fullmatch(live_url), HOST.fullmatch(host)
    return f"{scheme}://{named[1]}:{found[1]}" if found and named else ""


def address_of(live_url: str, scheme: str, host: str) -> str:
    """Give the stream's address as the page asks for it; empty where there is none."""
    found = PORT.fullmatch(live_url)
    if not found:
        return live_url
    origin = origin_of(live_url, scheme, host)
    return origin + found[2] if origin else ""
