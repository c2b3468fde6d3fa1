"""What the page on personal data says is true of the streams, and its examples do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import database_variables
from gotowebinar_sandbox import Sandbox
from tests.pages import DOCS, names
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS
from tests.selection import selecting

PAGE = DOCS["personal-data"]
STREAMS = sorted(SCHEMAS)


def test_personal_fields_exist() -> None:
    for stream_cell, fields_cell in PAGE.table("Stream", "Personal fields"):
        (stream,) = names(stream_cell)
        assert [name for name in names(fields_cell) if name not in SCHEMAS[stream]["properties"]] == [], stream


def test_every_field_with_a_person_in_it_is_named_as_personal() -> None:
    telling = re.compile(
        "email|firstName|lastName|userName|displayName|organizerName|joinUrl|phone|address", re.IGNORECASE
    )
    listed = {names(row[0])[0]: set(names(row[1])) for row in PAGE.table("Stream", "Personal fields")}
    listed["registrant_details"] |= listed["registrants"]
    for stream, schema in SCHEMAS.items():
        personal = {name for name in schema["properties"] if telling.fullmatch(name.removeprefix("organizer") or name)}
        assert personal <= listed.get(stream, set()), stream


def test_the_example_against_personal_data_does_what_it_says(sandbox: Sandbox) -> None:
    example = YAML(typ="safe").load(PAGE.of_language("yaml")[0].text)
    assert example["select"][0] == "*.*"
    assert {"!attendee_polls.*", "!attendee_surveys.*"} < set(example["select"]), "a call for each attendee"
    dropped = [pattern.removeprefix("!").split(".") for pattern in example["select"][1:] if not pattern.endswith(".*")]
    assert [pair for pair in dropped if pair[1] not in SCHEMAS[pair[0]]["properties"]] == []
    without = {stream: [field for other, field in dropped if other == stream] for stream, _ in dropped}
    settings = {**sandbox.settings, **FAST}
    run = run_here({**settings, **example["config"]}, catalog=selecting(*STREAMS, without=without))
    for stream in example["config"]["stream_maps"]:
        records = run.records(stream)
        assert records
        assert not {*without.pop(stream, []), "lastName"} & set().union(*records)
        assert all(re.fullmatch(r"[0-9a-f]{64}", record["email"]) for record in records)
    assert not without


# In the warehouse


def statement(number: int, address: str, shown: str) -> LiteralString:
    """Return a statement of the page about another person."""
    return PAGE.of_language("sql")[number].text.replace(shown, address.replace("'", "''"))


@pytest.mark.external
def test_the_hash_of_the_tap_joins_with_that_of_the_warehouse(sandbox: Sandbox, database: Postgres) -> None:
    config = YAML(typ="safe").load(PAGE.of_language("yaml")[0].text)["config"]
    config["stream_map_config"]["salt"] = "a secret of your own"
    run = run_here({**sandbox.settings, **FAST, **config}, catalog=selecting(*config["stream_maps"]))
    hashed = {record["registrantKey"]: record["email"] for record in run.records("registrants")}
    person = next(row for row in sandbox.control.expected_records()["registrants"] if row["registrantKey"] in hashed)
    ((joined,),) = database.query(statement(0, person["email"], "Ada@example.com"))
    assert joined == hashed[person["registrantKey"]]


@pytest.mark.slow
@pytest.mark.external
def test_who_is_erased_is_gone_from_every_table_and_nobody_else_is(sandbox: Sandbox, database: Postgres) -> None:
    load(run_here({**sandbox.settings, **FAST}).stdout, database)
    tables: tuple[LiteralString, ...] = ("registrants", "registrant_details", "attendees")
    before = {table: people(table, database) for table in tables}
    (address,) = {email for _, email in before["attendees"][:1]}
    with psycopg.connect(database.dsn) as connection:
        connection.execute(statement(1, address, "ada@example.com"))
    for table in tables:
        left = people(table, database)
        assert [row for row in before[table] if row[1].lower() != address.lower()] == left
        assert len(left) < len(before[table])


def load(messages: str, database: Postgres) -> None:
    command = [str(Path(sys.executable).with_name("target-postgres")), "--config", "ENV"]
    variables = database_variables(database) | {"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "gotowebinar"}
    subprocess.run(command, input=messages, env=os.environ | variables, check=True, encoding="utf-8", timeout=100)


def people(table: LiteralString, database: Postgres) -> list[tuple[str, str]]:
    asked = f'select "registrantKey", email from gotowebinar.{table} order by 1'  # noqa: S608 - our own names
    return [(key, email) for key, email in database.query(asked)]
