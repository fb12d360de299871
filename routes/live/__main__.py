"""The process of live updates: `python -m routes.live [--host 127.0.0.1] [--port 8001] [--page-port 8000] [--parent PID]`; it loads no classifier."""

import argparse
import asyncio
import os
import resource
import signal
from contextlib import suppress

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from routes.live.hub import Hub
from routes.live.server import make_server
from routes.live.watch import Watch
from triage.settings import read_secret, read_settings
from triage.store import Database

SPARE = 200  # files that are open beside the streams
IDLE = 30  # seconds that a connection may take to say what it wants
LOOK_AT_PARENT = 1.0  # seconds


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m routes.live", description="Tells pages of changes; the settings are those of the product.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="0: any that is free")
    parser.add_argument("--page-port", type=int, help="the pages' port, where they come from another port of the same host (no proxy)")
    parser.add_argument("--parent", type=int, help="the process that started this one, and with which it ends")
    return parser.parse_args()


def allow_files(most: int) -> None:
    """Let the process hold a file for each viewer, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


async def until_told(parent: int | None) -> None:
    """Wait for a signal to end, or for the end of the parent."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told.set)
    while not told.is_set() and parent in (None, os.getppid()):
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), LOOK_AT_PARENT)


async def serve(chosen: argparse.Namespace) -> None:
    """Hold streams until told to end."""
    config = read_settings(os.environ)
    secret = read_secret(config.instance)
    allow_files(config.live_most)
    database = Database(config.database_url, config.pool_size)
    hub = Hub(Watch(database, secret), config.live_most)
    server = HTTPServer(make_server(hub, secret, chosen.page_port), idle_connection_timeout=IDLE, max_body_size=1, max_header_size=16_384)
    sockets = bind_sockets(chosen.port, chosen.host.strip("[]"))
    server.add_sockets(sockets)
    host, port = sockets[0].getsockname()[:2]
    print(f"live updates ready at http://{host}:{port}/live/events", flush=True)
    rounds = asyncio.create_task(hub.run())
    await until_told(chosen.parent)
    server.stop()
    rounds.cancel()
    hub.close()
    await asyncio.sleep(0.1)  # the last word of each stream
    await server.close_all_connections()
    database.dispose()


if __name__ == "__main__":
    asyncio.run(serve(options()))
