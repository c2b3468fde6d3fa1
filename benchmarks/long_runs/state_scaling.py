"""Measures the cost of the state as an account grows; `python -m benchmarks.long_runs.state_scaling` prints a table.

A first run over so many webinars, without a rate limit, which is when the state has the largest share of the time.
"""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks
from tap_gotowebinar.sync.state_writer import StateWriter
from tap_gotowebinar.tap import TapGoToWebinar
from tests.runs import FAST
from tests.selection import selecting

STREAMS: Final = ("organizers", "webinars", "webinar_details", "registrants", "registrant_removals")
WEBINARS: Final = (1_250, 2_500, 5_000)
PEOPLE: Final = 30
ROUNDS: Final = 3


class MeasuringStateWriter(StateWriter):
    """Measures its own cost.

    Attributes:
        seconds: Time spent on state so far.
        sizes: Bytes of each STATE printed.
    """

    def __init__(self, writer: MessageWriter, bookmarks: Bookmarks) -> None:
        """Start measuring."""
        self.seconds = 0.0
        self.sizes: list[int] = []
        self._print = writer.write_line
        writer.write_line = self._sized  # type: ignore[method-assign]
        super().__init__(writer, bookmarks)

    @override
    def write_final(self) -> None:
        began = time.perf_counter()
        super().write_final()
        self.seconds += time.perf_counter() - began

    def _sized(self, line: bytes) -> None:
        self.sizes.append(len(line))
        self._print(line)


class MeasuredTap(TapGoToWebinar):
    """The tap with a measuring state writer."""

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        run = self.sync_context
        run.state_writer = self.measured = MeasuringStateWriter(run.writer, run.bookmarks)


@dataclass(frozen=True)
class Figures:
    """A run.

    Attributes:
        seconds: Its length.
        state_seconds: The part of it that was spent on state.
        state_bytes: Bytes of all STATE messages.
        settled_bytes: Bytes of the last one that belong to settled webinars, over all streams.
        settled: How many webinars those are.
    """

    webinars: int
    details: bool
    seconds: float
    state_seconds: float
    states: int
    state_bytes: int
    settled_bytes: int
    settled: int

    @property
    def share(self) -> float:
        """Share of the time spent on state."""
        return self.state_seconds / self.seconds

    @property
    def per_settled(self) -> float:
        """Bytes of state for a settled webinar, over all streams."""
        return self.settled_bytes / max(self.settled, 1)


def measure(webinars: int, *, details: bool = False, people: int = PEOPLE) -> Figures:
    """Make a first run with this many webinars.

    Args:
        webinars: Webinars in the account.
        details: Whether details of registrants are read, too.
        people: Registrants of a webinar, on average.
    """
    with Sandbox(Options(webinars=webinars, registrants=people)) as sandbox:
        settings = {**sandbox.settings, **FAST}
        catalog = selecting(*STREAMS, *(["registrant_details"] if details else []))
        tap = MeasuredTap(config=settings, catalog=catalog, message_writer=MessageWriter(io.BytesIO()))
        began = time.perf_counter()
        tap.run()
        seconds = time.perf_counter() - began
    writer = tap.measured
    entries = [stream["webinars"] for stream in tap.sync_context.bookmarks.state()["bookmarks"].values()]
    encode = MessageWriter().encode_state
    settled = {key for stream in entries for key, entry in stream.items() if "count" in entry}
    size = sum(
        len(encode({key: entry})) - len(encode({})) for s in entries for key, entry in s.items() if key in settled
    )
    return Figures(webinars, details, seconds, writer.seconds, len(writer.sizes), sum(writer.sizes), size, len(settled))


def table(rows: Sequence[Figures]) -> str:
    """Return the figures as Markdown."""
    lines = ["| webinars | share of time for state | STATE messages | STATE bytes per webinar | per settled webinar |"]
    lines += ["|---|---|---|---|---|"]
    for row in rows:
        name = f"{row.webinars:,}{', with details' if row.details else ''}"
        cells = [name, f"{row.share:.2%}", row.states, f"{row.state_bytes / row.webinars:,.0f}"]
        lines.append("| " + " | ".join(map(str, [*cells, f"{row.per_settled:,.0f}"])) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table; the share is the median of several rounds."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.long_runs.state_scaling", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    parser.add_argument("--webinars", type=int, nargs="+", default=WEBINARS, help="default: %(default)s")
    chosen = parser.parse_args()
    rows = []
    for webinars in chosen.webinars:
        rounds = sorted((measure(webinars) for _ in range(chosen.rounds)), key=lambda row: row.share)
        rows.append(rounds[len(rounds) // 2])
        sys.stdout.write(f"{table(rows[-1:])}\nseconds: {statistics.median(row.seconds for row in rounds):.1f}\n")
    rows.append(measure(min(chosen.webinars), details=True))
    sys.stdout.write(f"\n{table(rows)}\n")


if __name__ == "__main__":
    main()
