"""dbt and dbt Charts, run as their users run them, on a database of this test run."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demo.postgres import Postgres
from demo.project import LEFT_BY_DBT, REPOSITORY, WITHOUT_PROXY, found, search_path

MARTS = "marts"
"""The schema the marts are built in."""


class Package:
    """A copy of the dbt package, so that nothing it compiles is left in the repository."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        """Copy the package into a folder; the variables say which database it works on."""
        self.folder = Path(shutil.copytree(REPOSITORY / "transform", folder / "transform", ignore=LEFT_BY_DBT))
        self._variables = {
            **os.environ,
            **WITHOUT_PROXY,
            "DO_NOT_TRACK": "1",
            "DBT_PROFILES_DIR": str(self.folder / "profiles"),
            "DBT_LOG_PATH": str(folder / "logs"),
            **variables,
        }

    def dbt(self, *arguments: str, source: str = "gotowebinar", expect: int = 0) -> str:
        """Run dbt on the raw tables of a schema; returns what it printed."""
        return self._run("dbt", [*arguments, "--no-use-colors"], {"GOTOWEBINAR_SCHEMA": source}, expect)

    def draw(self, board: str, form: str = "html") -> str:
        page = self.folder.with_name(f"{board}.{form}")
        charts = ("render", f"charts/{board}.yml", "--no-cache", "--format", form, "--output", str(page))
        self._run("dct", charts, {}, 0)
        return page.read_text(encoding="utf-8")

    def _run(self, program: str, arguments: Sequence[str], variables: dict[str, str], expect: int) -> str:
        done = subprocess.run(
            [found(program, search_path()), *arguments],
            cwd=self.folder,
            env=self._variables | variables,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout


def on_postgres(folder: Path, database: Postgres) -> Package:
    variables = {
        "DBT_POSTGRES_HOST": database.host,
        "DBT_POSTGRES_PORT": str(database.port),
        "DBT_POSTGRES_USER": database.user,
        "DBT_POSTGRES_PASSWORD": database.password,
        "DBT_POSTGRES_DBNAME": database.name,
        "DBT_POSTGRES_SCHEMA": MARTS,
    }
    return Package(folder, variables)
