"""What a warehouse lost, invented or doubled of what there is in a sandbox."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from demo.postgres import Postgres
from gotowebinar_sandbox import Sandbox

PERSON: Final = ("webinarKey", "registrantKey", "email", "firstName", "lastName", "status")
COLUMNS: Final = {
    "organizers": ("organizers", ("organizerKey",)),
    "webinars": ("webinars", ("webinarKey", "subject")),
    "registrants": ("registrants", PERSON),
    "registrant_details": ("registrants", PERSON),
    "sessions": ("sessions", ("sessionKey", "webinarKey", "registrantsAttended")),
    "attendees": ("attendees", ("sessionKey", "registrantKey")),
}
"""For each table, the kind of the truth it has to equal and the columns that are compared, those of the key first."""


class Difference(NamedTuple):
    """Rows of one or several schemas, in numbers.

    Attributes:
        rows: How many there are.
        lost: Rows of the truth that are missing, or stand there with other values.
        invented: Rows that the truth does not have.
        doubled: Rows that are there more than once.
    """

    rows: int
    lost: int
    invented: int
    doubled: int

    @property
    def is_none(self) -> bool:
        """Whether warehouse and truth are equal, and not because there is nothing."""
        return self.rows > 0 and self[1:] == (0, 0, 0)


def difference(database: Postgres, schema: str, sandbox: Sandbox, gone: Iterable[str] = ()) -> Difference:
    """Compare the tables of one connection with its sandbox; the warehouse keeps registrants who are gone."""
    truth = sandbox.control.expected_records() | sandbox.control.expected_records("sessions", "attendees")
    left = set(gone)
    found, wanted = Counter[Any](), Counter[Any]()
    for table, (kind, columns) in COLUMNS.items():
        place = columns.index("registrantKey") if "registrantKey" in columns else None
        rows = [row for row in _rows(database, schema, table, columns) if place is None or row[place] not in left]
        found.update((table, *row) for row in rows)
        wanted.update((table, *(row.get(column) for column in columns)) for row in truth[kind])
    return Difference(
        found.total(),
        len(wanted - Counter(found.keys())),
        len(found.keys() - wanted.keys()),
        found.total() - len(found),
    )


def total(differences: Iterable[Difference]) -> Difference:
    return Difference(*(sum(numbers) for numbers in zip(*differences, strict=True)))


def _rows(database: Postgres, schema: str, table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(schema, table))
    with psycopg.connect(database.dsn) as connection:
        if connection.execute("SELECT to_regclass(%s)", [f'"{schema}"."{table}"']).fetchone() == (None,):
            return []
        return connection.execute(statement).fetchall()
