"""Who looks on, and telling them: one round a second for all; a viewer who reads slowly has at most one word a topic waiting."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from routes.live.topics import Key, Mark
from routes.live.watch import Guest, Sight, Watch
from triage.errors import StoreBusy
from triage.wording import say

LOOK = 1.0  # seconds from one look to the next
REST = 4  # times as long as a look took, at least: looking takes at most a fifth of one core
BEAT = 15.0  # seconds: how long a stream is silent at most, and how long a claim or a session that runs out is not noticed
PER_SECOND = 100  # pages that come for the same change in a second: what the web workers answer beside their work
LONGEST = 5000  # milliseconds
log = logging.getLogger(__name__)


class Viewer:
    """A page that is told of changes."""

    def __init__(self, guest: Guest) -> None:
        """Keep who it is; what the page missed while it was made waits to be told."""
        self.guest = guest
        self.seen = dict(guest.marks)
        self.is_ended = False
        self._waiting: dict[str, int] = dict.fromkeys(guest.wish.missed, 0)
        self._called = asyncio.Event()
        if self._waiting:
            self._called.set()

    def tell(self, topic: str, within: int) -> None:
        """Let the page know that a topic has changed, and within how many milliseconds it should come for it."""
        self._waiting[topic] = max(within, self._waiting.get(topic, 0))
        self._called.set()

    def end(self) -> None:
        """End the stream: the session has ended, sees something else now, or the page has gone."""
        self.is_ended = True
        self._called.set()

    async def news(self, beat: float) -> str:
        """Wait until there is something to tell, but not longer than a beat, and give it as the stream's text."""
        try:
            await asyncio.wait_for(self._called.wait(), beat)
        except TimeoutError:
            return ":\n\n"
        self._called.clear()
        told, self._waiting = self._waiting, {}
        return "".join(event("changed", topic=topic, within=within) for topic, within in told.items()) + (event("ended") if self.is_ended else "")


def event(name: str, **values: str | int) -> str:
    """Write one event of the stream: a word and, of what the page asked for, which; never what is in it."""
    return f"event: {name}\ndata: {json.dumps(values)}\n\n"


class Hub:
    """Holds the viewers and looks for them."""

    def __init__(self, watch: Watch, most: int, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), beat: float = BEAT) -> None:
        """Keep the parts; `most` viewers are held at once."""
        self.watch, self.most, self.clock, self.beat = watch, most, clock, beat
        self.viewers: set[Viewer] = set()
        self.marks: dict[Key, Mark] = {}
        self._places = 0
        self._doors = ThreadPoolExecutor(4, thread_name_prefix="admit")
        self._eyes = ThreadPoolExecutor(1, thread_name_prefix="look")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for a block.

        Raises:
            StoreBusy: all are taken.
        """
        if self._places >= self.most:
            raise StoreBusy(say("All connections for live updates are taken; the page will refresh at intervals instead"))
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    async def come(self, token: str, topics: list[str]) -> Viewer:
        """Let somebody in; raises what `Watch.admit` raises."""
        guest = await asyncio.get_running_loop().run_in_executor(self._doors, self.watch.admit, token, topics, self.clock())
        viewer = Viewer(guest)
        self.viewers.add(viewer)
        for key, mark in guest.marks.items():
            self.marks.setdefault(key, mark)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Let somebody go; what nobody else looks at is no longer looked at from the next round on."""
        self.viewers.discard(viewer)

    async def run(self) -> None:
        """Look, tell and rest, for as long as the process runs."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            began = loop.time()
            is_due = began >= due
            due = began + self.beat if is_due else due
            await self.round(is_due=is_due)
            await asyncio.sleep(max(LOOK, REST * (loop.time() - began)))

    async def round(self, *, is_due: bool = False) -> None:
        """Look once and tell whom it concerns; where the database does not answer, the next round looks again."""
        keys = {key for viewer in self.viewers for key in viewer.guest.wish.keys}
        digests = {viewer.guest.digest for viewer in self.viewers}
        look = partial(self.watch.look, keys, digests, self.clock(), is_due=is_due)
        try:
            sight = await asyncio.get_running_loop().run_in_executor(self._eyes, look)
        except Exception as error:  # whatever it is: the streams outlive it; its words may hold names, so only its kind is written down
            log.warning("live updates wait for the database: %s", type(error).__name__)
            return
        if sight:
            self.tell(sight, keys, digests)

    def tell(self, sight: Sight, keys: set[Key], digests: set[str]) -> None:
        """Tell each viewer what has changed of what it wants, and end those whose session has; who came during the look waits for the next one."""
        wanted = {key for viewer in self.viewers for key in viewer.guest.wish.keys}
        changed = {key for key in keys & wanted if sight.marks[key] != self.marks.get(key)}
        self.marks = {key: sight.marks.get(key, mark) for key, mark in self.marks.items() if key in wanted}
        crowd = Counter(key for viewer in self.viewers for key in viewer.guest.wish.keys if key in changed)
        for viewer in self.viewers:
            guest = viewer.guest
            if guest.digest in digests and sight.standings.get(guest.digest) != guest.standing:
                viewer.end()
            for key in changed.intersection(guest.wish.keys):
                if viewer.seen.get(key) != sight.marks[key]:  # a page that was made after the change shows it already
                    viewer.tell(key.topic, min(LONGEST, crowd[key] * 1000 // PER_SECOND))
                viewer.seen[key] = sight.marks[key]

    def close(self) -> None:
        """End all streams and the threads."""
        for viewer in self.viewers:
            viewer.end()
        self._doors.shutdown()
        self._eyes.submit(self.watch.close)
        self._eyes.shutdown()
