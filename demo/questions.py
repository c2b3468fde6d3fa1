"""What an analyst asks of the loaded tables, in SQL. Names keep their case there, so they are quoted here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, LiteralString

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.postgres import Postgres


@dataclass(frozen=True)
class Question:
    """A question, the columns of its answer, and the SELECT that gives them."""

    text: str
    columns: tuple[str, ...]
    statement: LiteralString

    def answer(self, database: Postgres) -> Iterator[str]:
        """The lines of the answer, as a table."""
        rows = database.query(self.statement)
        yield from table(self.columns, [["" if value is None else str(value) for value in row] for row in rows])


REGISTRATIONS_PER_DAY: Final = Question(
    "When did people register? (webinar and day, the last eight)",
    ("webinar", "day", "registrations"),
    """
    select subject, "registrationDate"::date as day, count(*)
    from gotowebinar_sandbox.registrants
    join gotowebinar_sandbox.webinars using ("webinarKey")
    group by "webinarKey", subject, day
    order by day desc, subject
    limit 8
    """,
)

APPROVAL_RATES: Final = Question(
    "How many are approved?",
    ("webinar", "registrants", "approved", "waiting", "denied", "approved %"),
    """
    select
        subject,
        count(registrants.*),
        count(*) filter (where registrants.status = 'APPROVED'),
        count(*) filter (where registrants.status = 'WAITING'),
        count(*) filter (where registrants.status = 'DENIED'),
        round(100.0 * count(*) filter (where registrants.status = 'APPROVED') / nullif(count(registrants.*), 0))
    from gotowebinar_sandbox.webinars
    left join gotowebinar_sandbox.registrants using ("webinarKey")
    group by "webinarKey", subject
    order by 2 desc, subject
    """,
)

ANSWERS: Final = Question(
    "What did they answer? (the custom question with the most answers)",
    ("question", "answer", "people"),
    """
    with given as (
        select response ->> 'question' as question, nullif(response ->> 'answer', '') as answer
        from gotowebinar_sandbox.registrant_details, unnest(responses) as response
    )
    select question, answer, count(*)
    from given
    where answer is not null
      and question = (select question from given group by question order by count(answer) desc, question limit 1)
    group by question, answer
    order by 3 desc, answer
    limit 5
    """,
)

QUESTIONS: Final = (REGISTRATIONS_PER_DAY, APPROVAL_RATES, ANSWERS)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with the columns aligned, the first to the left and the others by their content."""
    lines = [columns, *rows]
    widths = [max(shown_width(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = [pad(text, width) for text, width in zip(line, widths, strict=True)]
        yield "  ".join(cells).rstrip()
        if line is columns:
            yield "  ".join("-" * width for width in widths)


def pad(text: str, width: int) -> str:
    """A cell of the given width: numbers to the right, text to the left."""
    space = " " * (width - shown_width(text))
    return space + text if text.isdecimal() else text + space


def shown_width(text: str) -> int:
    """How many columns a terminal takes for a text: two for each wide character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
