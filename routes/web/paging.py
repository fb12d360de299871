"""Long lists a page at a time: how many rows come before the page that is asked for (`skip` in the address; see `pages` in `_macros.html`)."""

from flask import request

ON_PAGE = 100


def skipped() -> int:
    """Give how many rows the address leaves out; none where it does not say so in whole numbers."""
    text = request.args.get("skip", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
