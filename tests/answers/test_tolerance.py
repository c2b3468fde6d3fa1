"""The marts are built from whatever was loaded: nothing, some streams, some columns, hashed addresses."""

import itertools

import psycopg
import pytest
from psycopg import sql

from demo.postgres import Postgres
from tests.answers.building import MARTS, Package
from tests.answers.conftest import RAW
from tests.schema_files import STREAM_SCHEMAS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SUCCESS = "WARN=0 ERROR=0 SKIP=0"


def copy(database: Postgres, name: str, only: dict[str, list[str]] | None = None) -> str:
    """Copy the raw tables, or only these columns, into a schema of their own; returns its name."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        for table in tables(database):
            columns = sql.SQL("*") if only is None else sql.SQL(", ").join(map(sql.Identifier, only[table]))
            connection.execute(
                sql.SQL("create table {} as select {} from {}").format(
                    sql.Identifier(name, table), columns, sql.Identifier(RAW, table)
                )
            )
    return name


def tables(database: Postgres) -> list[str]:
    found = database.query("select tablename from pg_tables where schemaname = 'gotowebinar_sandbox' order by 1")
    return [name for (name,) in found]


def count(database: Postgres, mart: str, condition: str = "true") -> int:
    statement = f"select count(*) from {MARTS}.gotowebinar__{mart} where {condition}"  # noqa: S608 - our own conditions
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def keys_of(stream: str) -> list[str]:
    return [name for name, schema in STREAM_SCHEMAS[stream]["properties"].items() if schema["type"] == "string"]


def test_an_account_of_which_nothing_was_loaded_has_empty_marts(package: Package, loaded: Postgres) -> None:
    assert SUCCESS in package.dbt("build", source="nothing_at_all")
    assert count(loaded, "webinars") == count(loaded, "registrations") == 0


def test_the_keys_alone_are_enough(package: Package, loaded: Postgres) -> None:
    only = {table: keys_of(table) for table in tables(loaded)}
    # The warning: registrants without a status are neither approved nor waiting nor denied.
    assert "WARN=1 ERROR=0 SKIP=0" in package.dbt("build", source=copy(loaded, "keys_only", only))
    assert count(loaded, "webinars") > 0
    assert count(loaded, "registrations") > 0


def test_hashed_addresses_join_as_well(package: Package, loaded: Postgres) -> None:
    package.dbt("run", source=RAW)
    plain = [count(loaded, "people", condition) for condition in ("true", "comes_again", "questions > 0")]
    hashed = copy(loaded, "hashed")
    with psycopg.connect(loaded.dsn) as connection:
        for table in ("registrants", "registrant_details", "attendees"):
            connection.execute(sql.SQL("update {} set email = md5(lower(email))").format(sql.Identifier(hashed, table)))
        connection.execute('update hashed.questions set "askedBy" = md5(lower("askedBy"))')
    assert SUCCESS in package.dbt("build", source=hashed)
    assert [count(loaded, "people", condition) for condition in ("true", "comes_again", "questions > 0")] == plain
    assert count(loaded, "people", "email like '%@%'") == 0


def test_any_column_but_keys_may_be_absent(package: Package, loaded: Postgres) -> None:
    source = copy(loaded, "without_one")
    others = {
        table: [name for name in STREAM_SCHEMAS[table]["properties"] if name not in keys_of(table)]
        for table in tables(loaded)
    }
    for turn in itertools.count():
        absent = {table: names[turn] for table, names in others.items() if turn < len(names)}
        if not absent:
            break
        rename(loaded, source, {table: (name, "taken away") for table, name in absent.items()})
        package.dbt("run", "--select", *(f"source:gotowebinar.{table}+1" for table in absent), source=source)
        rename(loaded, source, {table: ("taken away", name) for table, name in absent.items()})


def rename(database: Postgres, schema: str, columns: dict[str, tuple[str, str]]) -> None:
    with psycopg.connect(database.dsn) as connection:
        for table, (old, new) in columns.items():
            connection.execute(
                sql.SQL("alter table {} rename column {} to {}").format(
                    sql.Identifier(schema, table), sql.Identifier(old), sql.Identifier(new)
                )
            )
