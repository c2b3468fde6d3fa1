"""The targets that `python -m benchmarks.targets` tries: how each is set up, and how its rows are read."""

import csv
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from benchmarks.targets.stored_rows import Row
from demo.postgres import Postgres

Stored = tuple[str, Row]
"""A stream, and a row of it."""

READ_AVRO: Final = """
import fastavro, json, sys
for row in fastavro.reader(open(sys.argv[1], "rb")):
    print(json.dumps(row, default=str))
"""


def printed(command: Sequence[str], given: str | None = None) -> str:
    """Return what a command prints."""
    return subprocess.run(command, input=given, capture_output=True, check=True, encoding="utf-8").stdout  # noqa: S603


@dataclass(frozen=True)
class Place:
    """Where a target stores rows: a folder, in which its environment is too, or a schema of a database."""

    folder: Path
    database: Postgres
    environment: Path

    @property
    def connection(self) -> Row:
        """Settings of a target for PostgreSQL."""
        login = {"host": Postgres.host, "port": self.database.port, "user": Postgres.user}
        return {**login, "password": self.database.password, "default_target_schema": self.folder.name}


def postgres_rows(place: Place) -> Iterator[Stored]:
    """Yield the rows of a schema, in the order in which they were inserted."""
    with psycopg.connect(place.database.dsn, row_factory=dict_row) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [place.folder.name])
        for table in [row["tablename"] for row in tables]:
            query = sql.SQL("SELECT * FROM {} ORDER BY ctid").format(sql.Identifier(place.folder.name, table))
            yield from ((table, row) for row in connection.execute(query))


def duckdb_rows(place: Place) -> Iterator[Stored]:
    """Yield the rows of a DuckDB file."""
    with duckdb.connect(str(place.folder / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            rows = connection.execute(f'SELECT * FROM stored."{table}" ORDER BY rowid')  # noqa: S608 - our streams
            names = [column[0] for column in rows.description or ()]
            yield from ((table, dict(zip(names, row, strict=True))) for row in rows.fetchall())


def json_rows(place: Place) -> Iterator[Stored]:
    """Yield the rows of a file with JSON lines for each stream."""
    for path in sorted(place.folder.glob("*.jsonl")):
        yield from ((path.stem, json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def csv_rows(place: Place) -> Iterator[Stored]:
    """Yield the rows of a CSV file for each stream, or for each stream and run."""
    for path in sorted(place.folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from ((path.stem.partition("-")[0], row) for row in csv.DictReader(file))


def avro_rows(place: Place) -> Iterator[Stored]:
    """Yield the rows of an Avro file for each stream, as the target's own library reads them."""
    for path in sorted(place.folder.glob("*.avro")):
        lines = printed([str(place.environment / "bin" / "python"), "-c", READ_AVRO, str(path)]).splitlines()
        yield from ((path.stem.rpartition(".")[2], json.loads(line)) for line in lines)


@dataclass(frozen=True)
class Target:
    """A target and how it is set up.

    Attributes:
        package: Its name in the package index.
        settings: What is in its config file, given a place.
        rows: Reads what it has stored there.
        note: What is special about the settings.
        needs: What else has to be installed for it to run at all.
    """

    package: str
    settings: Callable[[Place], Row]
    rows: Callable[[Place], Iterable[Stored]]
    note: str = ""
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Package and note."""
        return f"`{self.package}`{self.note and f', {self.note}'}"

    @property
    def program(self) -> str:
        """The command that the package brings."""
        return self.package[self.package.index("target-") :]


def labs(**more: object) -> Callable[[Place], Row]:
    """Return the settings of the target-postgres of MeltanoLabs, with these too."""
    return lambda place: {**place.connection, "database": Postgres.name, **more}


TARGETS: Final = (
    Target("meltanolabs-target-postgres", labs(), postgres_rows),
    Target("meltanolabs-target-postgres", labs(use_copy=True), postgres_rows, "`use_copy: true`"),
    Target(
        "meltanolabs-target-postgres",
        labs(load_method="overwrite"),
        postgres_rows,
        "`load_method: overwrite` (ignored)",
    ),
    Target("pipelinewise-target-postgres", lambda place: {**place.connection, "dbname": Postgres.name}, postgres_rows),
    Target(
        "target-jsonl", lambda place: {"destination_path": str(place.folder), "do_timestamp_file": False}, json_rows
    ),
    Target("meltanolabs-target-csv", lambda place: {"output_path": str(place.folder)}, csv_rows),
    Target(
        "meltanolabs-target-csv",
        lambda place: {"output_path": str(place.folder), "file_naming_scheme": "{stream_name}-{timestamp}.csv"},
        csv_rows,
        "a file for each run",
    ),
    Target(
        "target-avro",
        lambda place: {"prefix": str(place.folder / "stored"), "disable_collection": True},
        avro_rows,
        needs=("setuptools<81",),
    ),
    Target(
        "target-duckdb",
        lambda place: {"filepath": str(place.folder / "warehouse.duckdb"), "default_target_schema": "stored"},
        duckdb_rows,
    ),
    Target(
        "target-duckdb",
        lambda place: {"filepath": str(place.folder / "warehouse.duckdb"), "default_target_schema": "stored"},
        duckdb_rows,
        "`duckdb<1.1`, Python 3.11",
        ("duckdb<1.1",),
    ),
    Target("target-sqlite", lambda place: {"database": str(place.folder / "warehouse.db")}, json_rows),
    Target("target-parquet", lambda place: {"destination_path": str(place.folder)}, json_rows),
)
