"""A sandbox, the Meltano project that reads it, and the database it is loaded into."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, Final, LiteralString

from demo.postgres import Postgres
from demo.project import Project, connection_variables
from gotowebinar_sandbox import Sandbox
from tests.schema_files import STREAM_SCHEMAS

Row = dict[str, Any]

COUNT: Final = "numberOfRegistrants"
PEOPLE: Final[tuple[LiteralString, ...]] = ("registrants", "registrant_details")
SECRETS: Final = {"joinLink", "mp4DownloadUrl", "transcriptDownloadUrl"}
"""What GoTo tells, and no stream passes on."""


class Loading:
    def __init__(self, sandbox: Sandbox, database: Postgres, project: Project) -> None:
        self.sandbox = sandbox
        self.database = database
        self.project = project

    def run(self) -> str:
        return self.project.meltano("run", "tap-gotowebinar", "target-postgres")

    def project_of(self, sandbox: Sandbox) -> Project:
        """Return the same project, which reads another sandbox."""
        variables = self.project.variables | connection_variables(sandbox.settings)
        return Project(self.project.program, self.project.folder, variables)

    def expected_records(self, kind: str) -> list[Row]:
        rows: list[Row] = self.sandbox.control.expected_records(kind)[kind]
        return [{name: value for name, value in row.items() if name not in SECRETS} for row in rows]

    def rows(self, table: LiteralString, condition: LiteralString = "true") -> list[Row]:
        """Return the rows of a table, times as the wire writes them."""
        statement = f"select to_jsonb(loaded) from gotowebinar_sandbox.{table} as loaded where {condition}"  # noqa: S608
        found = [row for (row,) in self.database.query(statement)]
        return [{name: _time(value) for name, value in row.items() if not name.startswith("_sdc")} for row in found]

    def people(self) -> list[Row]:
        return self.sandbox.control.expected_records()["registrants"]

    def assert_loaded(self, *gone: tuple[str, str]) -> None:
        """Every value of every registrant, and which webinars there are, is what GoToWebinar has.

        Who is gone from there stays in the warehouse.
        """
        for table in PEOPLE:
            found = {keys(row): _known(row, table) for row in self.rows(table) if keys(row) not in gone}
            assert found == {keys(person): _known(person, table) for person in self.people()}
        webinars = self.sandbox.control.expected_records()["webinars"]
        assert _by_key(self.rows("webinars"), "subject", "approvalType") == _by_key(webinars, "subject", "approvalType")
        assert _by_key(self.rows("webinar_details"), COUNT) == _by_key(webinars, COUNT)


def keys(registrant: Row) -> tuple[str, str]:
    return registrant["webinarKey"], registrant["registrantKey"]


def _by_key(webinars: Iterable[Row], *fields: str) -> dict[str, list[Any]]:
    return {row["webinarKey"]: [row[field] for field in fields] for row in webinars}


def _known(registrant: Row, table: str) -> Row:
    """What is known of a person, as both sides say it: no nulls, no columns of loaders, times as instants."""
    columns = STREAM_SCHEMAS[table]["properties"].keys() - {"organizerKey"}
    told = {name: value for name, value in registrant.items() if name in columns and value is not None}
    registered = dt.datetime.fromisoformat(told["registrationDate"])
    return told | {"registrationDate": registered.replace(tzinfo=registered.tzinfo or dt.UTC)}


def _time(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A time as the wire writes it; PostgreSQL leaves the zone out."""
    is_time = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", value)
    return f"{value}Z" if is_time else value
