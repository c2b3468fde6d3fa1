"""The state of a running sandbox."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from gotowebinar_sandbox.data.panelists import Staff
from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.data.sessions import SessionCalendar
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.faults import FaultRules
from gotowebinar_sandbox.options import Options
from gotowebinar_sandbox.tokens import AuthorizationCodes, Tokens, credentials
from gotowebinar_sandbox.traffic import CallLog, SlidingWindow


class SandboxState:
    """Options, world, codes, tokens, limits, faults and log of one sandbox; used from its event loop only.

    Attributes:
        closing: Set when the server stops.
        confirmations: The confirmation mails that were sent: webinarKey and address of each.
    """

    def __init__(self, options: Options) -> None:
        """Make the world."""
        self.options = options
        self.world = World(options)
        self.calendar = SessionCalendar(self.world, options)
        self.staff = Staff(self.world)
        self.credentials = credentials(options.seed)
        self.codes = AuthorizationCodes(seeded_random(options.seed, "codes"))
        self.tokens = Tokens(self.credentials, self.codes, self.world.owner.email, lambda: self.options)
        self.calls = CallLog()
        self.window = SlidingWindow()
        self.second = SlidingWindow()
        self.faults = FaultRules(seeded_random(options.seed, "faults"), options.faults)
        self.confirmations: list[tuple[int, str]] = []
        self._jitter = seeded_random(options.seed, "jitter")
        self.closing = asyncio.Event()

    def configure(self, options: Mapping[str, object]) -> None:
        """Change options while the sandbox runs; ``faults`` and ``now`` take effect even if the value is the same.

        Raises:
            ValueError: An option that is unknown, fixed or of the wrong type.
        """
        self.options = self.options.changed(options)
        if "faults" in options:
            self.faults.set(self.options.faults)
        if "now" in options:
            self.world.clock.set(self.options.now)

    def delay(self) -> float:
        """Return the seconds to wait before the next response."""
        return self.options.latency + self._jitter.random() * self.options.jitter

    async def pause(self, seconds: float) -> None:
        """Wait, unless the server stops first."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), seconds)

    def figures(self) -> dict[str, Any]:
        """Return the statistics of the run so far."""
        return {
            "open": self.calls.open,
            "peak": self.calls.peak,
            "refused": self.calls.refused,
            "most_in_window": self.window.most,
            "most_in_second": self.second.most,
            "confirmations": len(self.confirmations),
        }

    def reset_calls(self) -> None:
        """Forget the calls so far; they do not count towards the limits any more."""
        for counted in (self.calls, self.window, self.second):
            counted.reset()
