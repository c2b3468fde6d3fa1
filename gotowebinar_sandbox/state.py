"""Everything one running sandbox knows."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gotowebinar_sandbox.authorization_codes import AuthorizationCodes
from gotowebinar_sandbox.credentials import credentials
from gotowebinar_sandbox.data.panelists import Staff
from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.data.recordings import Recordings
from gotowebinar_sandbox.data.session_calendar import SessionCalendar
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.options import Options
from gotowebinar_sandbox.server.fault_rules import Faults
from gotowebinar_sandbox.server.sliding_window import SlidingWindow
from gotowebinar_sandbox.server.traffic import CallLog
from gotowebinar_sandbox.tokens import Tokens


class SandboxState:
    """Options, world, codes, tokens, limits, faults and log of one sandbox; used from its event loop only."""

    def __init__(self, options: Options) -> None:
        """Make the world and forget nothing of what happens in it."""
        self.options = options
        self.world = World(options)
        self.diary = SessionCalendar(self.world, options)
        self.staff = Staff(self.world)
        self.recordings = Recordings(self.diary)
        self.credentials = credentials(options.seed)
        self.codes = AuthorizationCodes(seeded_random(options.seed, "codes"))
        self.tokens = Tokens(options.seed, self.credentials, self.codes, self.world.owner.email, lambda: self.options)
        self.calls = CallLog()
        self.window = SlidingWindow()
        self.second = SlidingWindow()
        self.faults = Faults(options.seed, options.faults)
        self.confirmations: list[tuple[int, str]] = []
        self._jitter = seeded_random(options.seed, "jitter")
        self._closing: asyncio.Future[None] | None = None

    def configure(self, changes: Mapping[str, object]) -> None:
        """Change options while it runs; setting faults or now takes effect even if the value is the same.

        Raises:
            ValueError: An option that is unknown, fixed or of the wrong type.
        """
        self.options = self.options.changed(changes)
        if "faults" in changes:
            self.faults.set(self.options.faults)
        if "now" in changes:
            self.world.clock.set(self.options.now)

    def delay(self) -> float:
        """Draw the seconds to wait before the next answer."""
        return self.options.latency + self._jitter.random() * self.options.jitter

    async def pause(self, seconds: float) -> None:
        """Wait, unless the server stops first."""
        if seconds > 0:
            await asyncio.wait([self._stop_signal()], timeout=seconds)

    async def closed(self) -> None:
        """Wait until the server stops."""
        await asyncio.wait([self._stop_signal()])

    def close(self) -> None:
        """Wake up everyone who waits: the server stops."""
        if not self._stop_signal().done():
            self._stop_signal().set_result(None)

    def state(self) -> dict[str, Any]:
        """Return the figures of the run so far."""
        return {
            "open": self.calls.open,
            "peak": self.calls.peak,
            "refused": self.calls.refused,
            "most_in_window": self.window.most,
            "most_in_second": self.second.most,
            "confirmations": len(self.confirmations),
        }

    def reset_calls(self) -> None:
        """Forget the calls made so far, for the limits too."""
        self.calls.reset()
        self.window.reset()
        self.second.reset()

    def _stop_signal(self) -> asyncio.Future[None]:
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_future()
        return self._closing
