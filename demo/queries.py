"""Queries of an analyst on the marts."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from demo.postgres import Postgres


@dataclass(frozen=True)
class Query:
    """A question, the columns of its answer, and its SELECT."""

    text: str
    columns: tuple[str, ...]
    statement: LiteralString

    def answer(self, database: Postgres) -> Iterator[str]:
        """Yield the lines of the answer as a table."""
        rows = database.query(self.statement)
        yield from table(self.columns, [["" if value is None else str(value) for value in row] for row in rows])


WEBINARS: Final = Query(
    "What became of the webinars?",
    ("webinar", "state", "registrants", "expected", "came", "no-shows", "came %"),
    """
    select title, state, registrants, expected, expected_attended, no_shows, round(100 * attendance_rate)::int
    from gotowebinar_sandbox_marts.gotowebinar__webinars
    where days_to_go between -60 and 30
    order by starts_at
    """,
)

PACE: Final = Query(
    "Are we on pace? (the next webinars, and past ones so many days before)",
    ("webinar", "days to go", "registrants", "usual"),
    """
    select title, days_to_go, registrants, round(typical.registrations_so_far)::int
    from gotowebinar_sandbox_marts.gotowebinar__webinars
    join gotowebinar_sandbox_marts.gotowebinar__typical_pace as typical on days_ahead = days_to_go
    where state = 'upcoming'
    order by days_to_go
    """,
)

SOURCES: Final = Query(
    "Which source brings people who come?",
    ("source", "expected", "came", "came %"),
    """
    select source, sum(sources.expected), sum(sources.expected_attended),
        round(100.0 * sum(sources.expected_attended) / nullif(sum(sources.expected), 0))
    from gotowebinar_sandbox_marts.gotowebinar__sources as sources
    join gotowebinar_sandbox_marts.gotowebinar__webinars using (webinar_key)
    where state = 'held'
    group by source
    order by 4 desc
    """,
)

QUERIES: Final = (WEBINARS, PACE, SOURCES)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield lines with aligned columns, the first to the left, the others by their content."""
    lines = [columns, *rows]
    widths = [max(shown_width(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = [pad(text, width) for text, width in zip(line, widths, strict=True)]
        yield "  ".join(cells).rstrip()
        if line is columns:
            yield "  ".join("-" * width for width in widths)


def pad(text: str, width: int) -> str:
    """Return a cell of the given width: numbers to the right, text to the left."""
    space = " " * (width - shown_width(text))
    return space + text if text.isdecimal() else text + space


def shown_width(text: str) -> int:
    """Return the columns of a text on a terminal: two for each wide character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
