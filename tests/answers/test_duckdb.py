"""The marts are the same in DuckDB. No target loads the rows: the released target-duckdb loses some of them."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gotowebinar_sandbox import Sandbox
from tests.answers.building import Package
from tests.answers.figures import assert_true
from tests.answers.truth import Truth
from tests.runs import FAST, Run, run_here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TYPES = {"integer": "bigint", "number": "double", "boolean": "boolean", "array": "json", "object": "json"}


def test_the_marts_in_duckdb_are_true(world: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        load(connection, run_here({**world.settings, **FAST}))
    package = Package(tmp_path, {"DBT_DUCKDB_PATH": str(path), "DBT_DUCKDB_SCHEMA": "marts"})
    assert "WARN=0 ERROR=0 SKIP=0" in package.dbt("build", "--target", "duckdb")
    truth = Truth()
    truth.look(world.control)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert_true(lambda mart: rows(connection, mart), truth)


def load(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write the newest record of each key, under names in lower case as loaders for DuckDB write them."""
    assert run.exit_code == 0
    connection.execute("create schema gotowebinar")
    for message in {message["stream"]: message for message in run.of_type("SCHEMA")}.values():
        stream, columns = message["stream"], message["schema"]["properties"]
        declared = ", ".join(f'"{name.lower()}" {type_of(schema)}' for name, schema in columns.items())
        connection.execute(f"create table gotowebinar.{stream} ({declared})")
        newest = {tuple(row[key] for key in message["key_properties"]): row for row in run.records(stream)}
        for row in newest.values():
            values = [
                json.dumps(row.get(name)) if type_of(columns[name]) == "json" else row.get(name) for name in columns
            ]
            marks = ", ".join("?" for _ in columns)
            connection.execute(f"insert into gotowebinar.{stream} values ({marks})", values)  # noqa: S608


def type_of(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "timestamp"
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return next((TYPES[name] for name in names if name in TYPES), "varchar")


def rows(connection: duckdb.DuckDBPyConnection, mart: str) -> list[dict[str, Any]]:
    found = connection.execute(f"select * from marts.gotowebinar__{mart}")  # noqa: S608
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
