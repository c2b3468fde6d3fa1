"""A sandbox, the Meltano project that reads it, and the database it is loaded into."""

from dataclasses import dataclass
from typing import Any, Final, LiteralString

from demo.postgres import Postgres
from demo.project import Project, connection_variables
from gotowebinar_sandbox import Sandbox
from tests.warehouse import LOADED, difference, rows

Row = dict[str, Any]
SCHEMA: Final = "gotowebinar_sandbox"


@dataclass
class Loading:
    sandbox: Sandbox
    database: Postgres
    project: Project

    def run(self) -> str:
        return self.project.meltano("run", "tap-gotowebinar", "target-postgres")

    def project_of(self, sandbox: Sandbox) -> Project:
        """Return the same project, which reads another sandbox."""
        variables = self.project.variables | connection_variables(sandbox.settings)
        return Project(self.project.program, self.project.folder, variables)

    def rows(self, table: str, condition: LiteralString = "true") -> list[Row]:
        return rows(self.database, SCHEMA, table, condition)

    def records(self, kind: str) -> list[Row]:
        """What the sandbox has."""
        found: list[Row] = self.sandbox.control.expected_records(kind)[kind]
        return found

    def assert_loaded(self, *streams: str, gone: tuple[str, ...] = ()) -> None:
        """Every value of every row is what the sandbox has; registrants who are gone from there stay."""
        for stream in streams or LOADED:
            found = difference(self.database, SCHEMA, self.sandbox, gone, [stream])
            assert found.is_none, f"{stream}: {found}"


def keys(registrant: Row) -> tuple[str, str]:
    return registrant["webinarKey"], registrant["registrantKey"]
