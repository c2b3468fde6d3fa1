"""meltano.yml says what is true of the tap, and `meltano run` brings GoToWebinar into PostgreSQL."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.resources
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any, LiteralString

import psutil
import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import REPOSITORY, MeltanoError, temporary_project
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import TAP_SETTINGS
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.settings import TARGET_SETTINGS
from target_gotowebinar.target import TargetGoToWebinar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from singer_sdk import typing as th

    from gotowebinar_sandbox import Sandbox

KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "string",  # Meltano 4.4 cannot write a decimal into the configuration of a plugin; the tap reads text
    "object": "object",
    "string": "string",
}
Program = type[TapGoToWebinar] | type[TargetGoToWebinar]
OWN_SETTINGS: dict[Program, tuple[th.Property[Any], ...]] = {
    TapGoToWebinar: (*CONNECTION_SETTINGS, *TAP_SETTINGS),
    TargetGoToWebinar: (*CONNECTION_SETTINGS, *TARGET_SETTINGS),
}
PEOPLE: tuple[LiteralString, ...] = ("registrants", "registrant_details")
RUN = ("run", "tap-gotowebinar", "target-postgres")


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(REPOSITORY / "meltano.yml")
    return content


@pytest.fixture(scope="module", params=OWN_SETTINGS, ids=lambda program: program.name)
def program(request: pytest.FixtureRequest) -> Program:
    program: Program = request.param
    return program


@pytest.fixture(scope="module")
def plugin(declared: dict[str, Any], program: Program) -> dict[str, Any]:
    plugins = (*declared["plugins"]["extractors"], *declared["plugins"]["loaders"])
    (plugin,) = (plugin for plugin in plugins if plugin["name"] == program.name)
    return dict(plugin)


@pytest.fixture(scope="module")
def program_settings(program: Program) -> dict[str, dict[str, Any]]:
    schema = json.loads(json.dumps(program.config_jsonschema))
    program.append_builtin_config(schema)
    return dict(schema["properties"])


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    return next(KINDS[name] for name in schema["type"] if name != "null")


def test_meltano_accepts_the_project_file(declared: dict[str, Any]) -> None:
    schema = json.loads(importlib.resources.files("meltano").joinpath("schemas/meltano.schema.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(declared)] == []


def test_the_project_lists_exactly_the_settings_of_a_program(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]]
) -> None:
    listed = {setting["name"]: setting["kind"] for setting in plugin["settings"]}
    assert listed == {name: kind(schema) for name, schema in program_settings.items()}


def test_the_project_describes_the_settings_as_its_program_does(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]], program: Program
) -> None:
    own = [setting.name for setting in OWN_SETTINGS[program]]
    listed = {setting["name"]: (setting["label"], setting["description"]) for setting in plugin["settings"]}
    said = {name: (program_settings[name]["title"], program_settings[name]["description"]) for name in own}
    assert {name: listed[name] for name in own} == said


def test_the_project_treats_exactly_the_secrets_of_a_program_as_secrets(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]]
) -> None:
    secrets = {name for name, schema in program_settings.items() if schema.get("secret")}
    assert {setting["name"] for setting in plugin["settings"] if setting.get("sensitive")} == secrets


def test_the_project_says_that_keys_of_organizers_and_the_path_of_tokens_are_no_secrets(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]]
) -> None:
    # Tools of Meltano's world take any text with "key" or "token" in its name for a secret unless told otherwise.
    stated = {setting["name"] for setting in plugin["settings"] if setting.get("sensitive") is False}
    known = {"organizer_keys", "account_key", "organizer_key", "webinar_key", "token_path"}
    assert stated == known & program_settings.keys()


def test_the_project_lists_exactly_the_choices_of_a_program(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]]
) -> None:
    choices = {
        setting["name"]: [option["value"] for option in setting["options"]]
        for setting in plugin["settings"]
        if "options" in setting
    }
    allowed = {name: schema["enum"] for name, schema in program_settings.items() if "enum" in schema}
    assert choices == {name: [value for value in values if value is not None] for name, values in allowed.items()}


def test_the_project_lists_exactly_the_capabilities_of_a_program(plugin: dict[str, Any], program: Program) -> None:
    assert sorted(plugin["capabilities"]) == sorted(capability.value for capability in program.capabilities)


def test_the_example_of_an_env_file_names_settings_that_exist(declared: dict[str, Any]) -> None:
    known = {
        f"{plugin['name']}_{setting['name']}".replace("-", "_").upper()
        for plugin in (*declared["plugins"]["extractors"], *declared["plugins"]["loaders"])
        for setting in plugin["settings"]
    } | {"MELTANO_STATE_BACKEND_URI"}
    lines = (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.removeprefix("# ").partition("=")[0] for line in lines if "=" in line}
    assert named <= known


def test_the_schedule_polls_no_more_often_than_the_triggers_may(declared: dict[str, Any]) -> None:
    (schedule,) = declared["schedules"]
    assert (schedule["name"], schedule["interval"]) == ("poll-every-120-seconds", "*/2 * * * *")
    assert {"name": schedule["job"], "tasks": [" ".join(RUN[1:])]} in declared["jobs"]


def test_a_run_loads_everything_and_the_next_one_exactly_what_is_new(
    make_sandbox: Callable[..., Sandbox], database: Postgres
) -> None:
    sandbox = make_sandbox(webinars=5, registrants=10)
    with temporary_project(sandbox.settings, database) as project:
        project.meltano(*RUN)
        assert_loaded(database, sandbox.control.truth())
        newest = max(row["_sdc_sequence"] for table in PEOPLE for row in rows(database, table))

        changed = changes(sandbox)
        project.meltano(*RUN)
        assert_loaded(database, sandbox.control.truth())
        for table in PEOPLE:
            assert sorted(keys(row) for row in rows(database, table) if row["_sdc_sequence"] > newest) == changed


def test_the_login_is_a_command_of_the_plugin(sandbox: Sandbox, database: Postgres) -> None:
    with temporary_project(sandbox.settings, database) as project:
        said = project.meltano("invoke", "tap-gotowebinar:login", "--check")

    assert sandbox.control.truth()["organizers"][0]["organizerKey"] in said


def test_a_killed_run_costs_nothing_but_time(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(seed=11, webinars=4, registrants=15, latency=0.05)
    slowly = {**sandbox.settings, "max_concurrency": 2}
    with Postgres() as database, temporary_project(slowly, database) as project:
        with killing_the_tap(after_details=20, of=sandbox), pytest.raises(MeltanoError):
            project.meltano(*RUN)
        sandbox.control.configure(latency=0)
        project.meltano(*RUN)
        assert_loaded(database, sandbox.control.truth())

        changes(sandbox)
        # An upcoming webinar: what is over and quiet is not read by every run.
        webinar = max(sandbox.control.truth()["webinars"], key=lambda row: row["times"][-1]["endTime"])["webinarKey"]
        leaving = next(row for row in sandbox.control.truth()["registrants"] if row["webinarKey"] == webinar)
        sandbox.control.add_registrants(webinar, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
        sandbox.control.cancel_registrant(*keys(leaving))
        project.meltano(*RUN)
        assert [keys(row) for row in rows(database, "registrant_removals")] == [keys(leaving)]
        assert_loaded(database, sandbox.control.truth(), gone={keys(leaving)})


@contextlib.contextmanager
def killing_the_tap(*, after_details: int, of: Sandbox) -> Iterator[None]:
    """Kill the tap, and nothing else, when it has asked for so many registrants."""

    def kill() -> None:
        while (
            sum(re.search(r"/registrants/\d+$", call["path"]) is not None for call in of.control.calls())
            < after_details
        ):
            time.sleep(0.02)
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(part.endswith("/tap-gotowebinar") for part in process.cmdline()):
                    process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()


def changes(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Register three people for a webinar and approve one who waits for it; returns whose rows are new or changed.

    The webinar is one that is not over: others are not read by every run.
    """
    truth = sandbox.control.truth()
    now = dt.datetime.now(dt.UTC).isoformat()
    ahead = {row["webinarKey"] for row in truth["webinars"] if row["times"] and row["times"][-1]["endTime"] > now}
    waiting_people = [row for row in truth["registrants"] if row["status"] == "WAITING" and row["webinarKey"] in ahead]
    webinar_key, waiting = keys(waiting_people[0])
    sandbox.control.approve_registrant(webinar_key, waiting)
    added = sandbox.control.add_registrants(webinar_key, 3)
    return sorted((webinar_key, registrant_key) for registrant_key in [waiting, *added])


def assert_loaded(
    database: Postgres,
    truth: dict[str, list[dict[str, Any]]],
    gone: Collection[tuple[str, str]] = (),
) -> None:
    """Every value of every registrant, and which webinars there are, is what GoToWebinar has.

    Who is gone from there stays in the warehouse.
    """
    for table in PEOPLE:
        found = {keys(row): known(row) for row in rows(database, table) if keys(row) not in gone}
        assert found == {keys(person): known(person, table) for person in truth["registrants"]}
    webinars = {row["webinarKey"]: (row["subject"], row["approvalType"]) for row in rows(database, "webinars")}
    assert webinars == {row["webinarKey"]: (row["subject"], row["approvalType"]) for row in truth["webinars"]}
    counts = {row["webinarKey"]: row["numberOfRegistrants"] for row in rows(database, "webinar_details")}
    assert counts == {row["webinarKey"]: row["numberOfRegistrants"] for row in truth["webinars"]}
    assert [row["organizerKey"] for row in rows(database, "organizers")] == [
        row["organizerKey"] for row in truth["organizers"]
    ]


def rows(database: Postgres, table: LiteralString) -> list[dict[str, Any]]:
    statement = f"select to_jsonb(loaded) from gotowebinar_sandbox.{table} as loaded"  # noqa: S608 - our own names
    return [row for (row,) in database.query(statement)]


def keys(registrant: dict[str, Any]) -> tuple[str, str]:
    return registrant["webinarKey"], registrant["registrantKey"]


def known(registrant: dict[str, Any], table: str = "registrant_details") -> dict[str, Any]:
    """What is known of a person, as both sides say it: no nulls, no columns of loaders, times as instants."""
    columns = schema_of(table) - {"organizerKey"}
    told = {name: value for name, value in registrant.items() if name in columns and value is not None}
    registered = dt.datetime.fromisoformat(told["registrationDate"])
    return told | {"registrationDate": registered.replace(tzinfo=registered.tzinfo or dt.UTC)}


def schema_of(stream: str) -> set[str]:
    file = importlib.resources.files("tap_gotowebinar.schemas").joinpath(f"{stream}.json")
    return set(json.loads(file.read_text(encoding="utf-8"))["properties"])


def test_meltano_tests_the_settings_of_an_account_without_webinars(
    make_sandbox: Callable[..., Sandbox], database: Postgres
) -> None:
    with temporary_project(make_sandbox(webinars=0).settings, database) as project:
        assert "Plugin configuration is valid" in project.meltano("config", "test", "tap-gotowebinar")


def test_a_failing_command_is_reported_with_what_it_printed(sandbox: Sandbox, database: Postgres) -> None:
    with temporary_project(sandbox.settings, database) as project, pytest.raises(MeltanoError, match="no-such-job"):
        project.meltano("run", "no-such-job")
