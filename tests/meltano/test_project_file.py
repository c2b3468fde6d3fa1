"""meltano.yml says what is true of tap and target."""

import json
from typing import Any

import pytest
from ruamel.yaml import YAML
from singer_sdk import typing as th

from demo.project import REPOSITORY
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import TAP_SETTINGS
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.settings import TARGET_SETTINGS
from target_gotowebinar.target import TargetGoToWebinar
from tests.docs.test_pages import variables

KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "string",  # Meltano 4.4 cannot write a decimal into the configuration of a plugin; the tap reads text
    "object": "object",
    "string": "string",
}
NO_SECRETS = {"organizer_keys", "account_key", "organizer_key", "webinar_key", "token_path"}
"""Tools of Meltano's world take any text with "key" or "token" in its name for a secret unless told otherwise."""

Program = type[TapGoToWebinar] | type[TargetGoToWebinar]
OWN_SETTINGS: dict[Program, tuple[th.Property[Any], ...]] = {
    TapGoToWebinar: (*CONNECTION_SETTINGS, *TAP_SETTINGS),
    TargetGoToWebinar: (*CONNECTION_SETTINGS, *TARGET_SETTINGS),
}


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


def kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    return next(KINDS[name] for name in schema["type"] if name != "null")


def test_the_project_says_of_each_setting_what_its_program_says(
    plugin: dict[str, Any], program_settings: dict[str, dict[str, Any]], program: Program
) -> None:
    listed = {setting["name"]: setting for setting in plugin["settings"]}
    own = {setting.name for setting in OWN_SETTINGS[program]}
    assert listed.keys() == program_settings.keys()
    for name, schema in program_settings.items():
        said = listed[name]
        assert said["kind"] == kind(schema), name
        assert said.get("sensitive") == (True if schema.get("secret") else False if name in NO_SECRETS else None), name
        choices = [value for value in schema.get("enum", ()) if value is not None]
        assert [option["value"] for option in said.get("options", ())] == choices, name
        if name in own:
            assert (said["label"], said["description"]) == (schema["title"], schema["description"])


def test_the_project_lists_exactly_the_capabilities_of_a_program(plugin: dict[str, Any], program: Program) -> None:
    assert sorted(plugin["capabilities"]) == sorted(capability.value for capability in program.capabilities)


def test_the_example_of_an_env_file_names_settings_that_exist() -> None:
    lines = (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.removeprefix("# ").partition("=")[0] for line in lines if "=" in line}
    assert named <= variables() | {"MELTANO_STATE_BACKEND_URI"}


def test_the_schedule_polls_no_more_often_than_the_triggers_may(declared: dict[str, Any]) -> None:
    (schedule,) = declared["schedules"]
    assert (schedule["name"], schedule["interval"]) == ("poll-every-120-seconds", "*/2 * * * *")
    assert {"name": schedule["job"], "tasks": ["tap-gotowebinar target-postgres"]} in declared["jobs"]
