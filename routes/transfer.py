"""What goes over the line: texts are packed (gzip), and a static file stands under an address that names its version, so that it is fetched once."""

import gzip
import hashlib
import io
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

PACKED = {"text/html", "text/css", "text/javascript", "application/javascript", "application/json"}
LEAST = 1000  # bytes: what fits into one packet anyway is not packed
LEVEL = 6
YEAR = 365 * 24 * 3600
MOST_PADDING = 100
VERSION = "v"


def register(app: Flask) -> None:
    """Have an application pack its answers and name the versions of its static files."""
    app.url_defaults(_name_version)
    app.after_request(_keep)
    app.after_request(_pack)


def version_of(name: str) -> str:
    """Give the version of a static file: a digest of its content; empty where there is none of that name."""
    path = Path(str(current_app.static_folder)) / name
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _packed_file(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _packed_page(content: bytes) -> bytes:
    """Pack a page under a file name of random length: it shall not tell by its length what stands in it beside a form's token (BREACH;
    Django's GZipMiddleware does the same)."""
    made = io.BytesIO()
    with gzip.GzipFile("a" * secrets.randbelow(MOST_PADDING), "wb", LEVEL, made, mtime=0) as file:
        file.write(content)
    return made.getvalue()


def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values and (version := version_of(values["filename"])):
        values.setdefault(VERSION, version)


def _is_static() -> bool:
    return request.endpoint == "static" and request.view_args is not None


def _keep(response: Response) -> Response:
    """Let browsers keep a static file for ever under the address of the version that it is; under any other it is asked for again."""
    if _is_static() and response.status_code in (200, 304) and request.args.get(VERSION) == version_of((request.view_args or {})["filename"]):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def _pack(response: Response) -> Response:
    if response.mimetype not in PACKED:
        return response
    response.vary.add("Accept-Encoding")
    is_whole = response.status_code != 206 and request.method != "HEAD" and "Content-Encoding" not in response.headers
    if not is_whole or not request.accept_encodings["gzip"] or (response.is_streamed and not _is_static()):
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < LEAST:
        return response
    response.set_data(_packed_file(content) if _is_static() else _packed_page(content))
    response.headers["Content-Encoding"] = "gzip"
    if _is_static() and (tag := response.get_etag()[0]):
        response.set_etag(tag, weak=True)  # the bytes differ from those that are not packed
    return response
