"""Makes up the recordings of webinars, and gives them their shape on the wire (API reference, section 5.11)."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.randomness import random_fraction, seeded_random
from gotowebinar_sandbox.data.session_calendar import SessionCalendar

RECORDED = 0.6
READY_AFTER = timedelta(minutes=20)
STORE = "https://recordings.example.com"


class Recording(NamedTuple):
    """A recording of a webinar."""

    key: str
    name: str
    made_at: datetime


class Asset(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A recording on the wire; the last three are there at times."""

    recording_asset_key: str
    name: str
    product_name: str = msgspec.field(name="productName")
    create_time: str
    creator_key: str
    account_key: str
    total_reference_count: int
    mp4_download_url: str = msgspec.field(name="mp4DownloadUrl")
    transcript_download_url: str | None = None
    recording_share_url: str | None = None
    webinar_key: str | None = None


class Recordings:
    """The recordings of all webinars: of some sessions, once they are ready, and those added later."""

    def __init__(self, diary: SessionCalendar) -> None:
        """Record the sessions of a diary."""
        self._diary = diary
        self._added: dict[int, list[Recording]] = {}

    def of(self, webinar: Webinar) -> list[Recording]:
        """Return the recordings of a webinar."""
        world = self._diary.world
        made = [
            Recording(
                f"{seeded_random(world.seed, session.key, 'asset').getrandbits(128):032x}", webinar.subject, ready
            )
            for session in self._diary.ended(webinar)
            for ready in (session.window.end + READY_AFTER,)
            if not session.practice and ready <= world.clock.now()
            if random_fraction(world.seed, session.key, "recorded") < RECORDED
        ]
        return made + self._added.get(webinar.key, [])

    def add(self, webinar: Webinar, name: str) -> str:
        """Add a recording made now and return its key."""
        world = self._diary.world
        recording = Recording(f"{world.new_key():032x}", name, world.clock.now())
        self._added.setdefault(webinar.key, []).append(recording)
        return recording.key

    def asset(self, webinar: Webinar, recording: Recording) -> Asset:
        """Return a recording as the list of its webinar shows it."""
        odd = int(recording.key, 16) % 2
        return Asset(
            recording_asset_key=recording.key,
            name=recording.name,
            product_name="g2w",
            create_time=stamp(recording.made_at),
            creator_key=str(webinar.organizer_key),
            account_key=str(self._diary.world.account_key),
            total_reference_count=1 + odd,
            mp4_download_url=f"{STORE}/{recording.key}.mp4?signature=made-up",
            transcript_download_url=f"{STORE}/{recording.key}.txt?signature=made-up" if odd else None,
            recording_share_url=f"{STORE}/{recording.key}",
            webinar_key=str(webinar.key),
        )
