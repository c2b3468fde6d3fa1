"""What a PostgreSQL lost, invented or doubled of what there is in a sandbox."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from demo.postgres import Postgres
from gotowebinar_sandbox import Sandbox
from tests.comparable_rows import SOURCES, Row, comparable, truth_of

OFF: Final = ("attendee_polls", "attendee_surveys")
"""Streams that are not read unless somebody asks for them."""

LOADED: Final = tuple(stream for stream in SOURCES if stream not in OFF)


class Difference(NamedTuple):
    """Rows of one or several schemas, in numbers.

    Attributes:
        rows: How many there are.
        lost: Rows of the truth that are missing, or stand there with other values.
        invented: Rows that the truth does not have.
        doubled: Rows that are there more often than in the truth.
    """

    rows: int
    lost: int
    invented: int
    doubled: int

    @property
    def is_none(self) -> bool:
        """Whether warehouse and truth are equal, and not because there is nothing."""
        return self.rows > 0 and self[1:] == (0, 0, 0)


def difference(
    database: Postgres, schema: str, sandbox: Sandbox, gone: Iterable[str] = (), streams: Iterable[str] = LOADED
) -> Difference:
    """Compare the tables of one connection with its sandbox; the warehouse keeps registrants who are gone."""
    truth, left = truth_of(sandbox.control), set(gone)
    found, wanted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for stream in streams:
        stored = [row for row in rows(database, schema, stream) if row.get("registrantKey") not in left]
        found += Counter({(stream, row): count for row, count in comparable(stream, stored).items()})
        wanted += Counter({(stream, row): count for row, count in comparable(stream, truth[SOURCES[stream]]).items()})
    surplus = found - wanted
    invented = sum(count for row, count in surplus.items() if row not in wanted)
    return Difference(found.total(), (wanted - found).total(), invented, surplus.total() - invented)


def total(differences: Iterable[Difference]) -> Difference:
    return Difference(*(sum(numbers) for numbers in zip(*differences, strict=True)))


def rows(database: Postgres, schema: str, table: str, condition: LiteralString = "true") -> list[Row]:
    """Return the rows of a table, times as the wire writes them; none if there is no table."""
    name = sql.Identifier(schema, table)
    statement = sql.SQL("SELECT to_jsonb(stored) FROM {} AS stored WHERE {}").format(name, sql.SQL(condition))
    with psycopg.connect(database.dsn) as connection:
        if connection.execute("SELECT to_regclass(%s)", [f'"{schema}"."{table}"']).fetchone() == (None,):
            return []
        return [{key: _time(value) for key, value in row.items()} for (row,) in connection.execute(statement)]


def _time(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A time as the wire writes it; PostgreSQL leaves the zone out."""
    is_time = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", value)
    return f"{value}Z" if is_time else value
