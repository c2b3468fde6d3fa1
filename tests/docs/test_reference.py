"""Tables, pictures and examples of the pages on architecture, credentials, registering, reliability and targets."""

import itertools
import json
import re
import tomllib

import pytest

from benchmarks.targets.__main__ import HEADER
from benchmarks.targets.target_list import TARGETS
from tap_gotowebinar.api.auth.token_endpoint import Credentials
from tap_gotowebinar.api.deadline_adapter import RESPONSE_DEADLINE_FACTOR
from tap_gotowebinar.api.pagination import MAX_PAGES
from tap_gotowebinar.api.retries import LONGEST_PAUSE, TRIES
from tap_gotowebinar.api.transport import CALL_DEADLINE_FACTOR, CONNECT_TIMEOUT, MAX_RESPONSE_BYTES
from tap_gotowebinar.login.command import cli as login
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import TAP_SETTINGS, problems
from tap_gotowebinar.streams.parents_and_children import MAX_CONSECUTIVE_FAILURES
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.results import Outcome
from target_gotowebinar.settings import TARGET_SETTINGS
from target_gotowebinar.sink import MAX_UNANSWERED
from tests.pages import DOCS, names
from tests.schema_files import TARGET_SCHEMAS
from tests.sources import ROOT, needs_sources

ARCHITECTURE, CREDENTIALS, REGISTERING = DOCS["architecture"], DOCS["credentials"], DOCS["registering"]
PACKAGE = ROOT / "tap_gotowebinar"
TARGET_ROWS = DOCS["targets"].table("Target", "Version")


# Architecture


@needs_sources
def test_every_folder_is_explained_and_every_file_that_is_named_exists() -> None:
    folders = {path.name for path in PACKAGE.rglob("*") if (path / "__init__.py").exists()}
    assert {f"{folder}/" for folder in folders} | {"tap.py"} <= set(ARCHITECTURE.quoted(r"\w+/|tap\.py"))
    assert [name for name in ARCHITECTURE.quoted(r"[\w/]+\.py") if not (PACKAGE / name).exists()] == []


def test_the_picture_shows_the_layers_that_are_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(it["layers"] for it in project["tool"]["importlinter"]["contracts"] if it["type"] == "layers")
    (picture,) = ARCHITECTURE.of_language("mermaid")
    shown = re.findall(r"(\w+)\[(\w+)(?:\.py|/): ", picture.text)
    assert [name for _, name in shown] == [layer.removeprefix("tap_gotowebinar.") for layer in layers]
    arrows = re.findall(r"^  (\w+)(?:\[.*?\])? --> (\w+)", picture.text, re.MULTILINE)
    assert arrows == [(above, below) for (above, _), (below, _) in itertools.pairwise(shown)]


@needs_sources
@pytest.mark.parametrize("row", ARCHITECTURE.table("Change"), ids=lambda row: row[0])
def test_what_a_change_touches_exists(row: list[str]) -> None:
    named = re.findall(r"`([\w/]+(?:/|\.py))`", row[1])
    assert named
    assert [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()] == []


# Credentials and plain Singer


def test_the_configuration_file_is_valid() -> None:
    blocks = DOCS["singer"].of_language("json")
    config = json.loads(next(block.text for block in blocks if "client_id" in block.text))
    assert config.keys() <= {declared.name for declared in (*CONNECTION_SETTINGS, *TAP_SETTINGS)}
    assert list(problems(config)) == []


def test_a_personal_access_token_is_used_when_both_are_set() -> None:
    assert "the personal access token is used" in CREDENTIALS.text
    assert Credentials("a", "b", "c", "d").grant_type == "personal_access_token"


def test_the_options_of_the_login_are_those_it_has() -> None:
    named = set(re.findall(r"`(--[\w-]+)", CREDENTIALS.text))
    assert named <= {flag for option in login.params for flag in option.opts}


# Registering people


def test_the_settings_that_the_target_shares_are_those_of_the_connection() -> None:
    shared = [declared.name for declared in CONNECTION_SETTINGS]
    assert names(REGISTERING.text.split("settings of the connection, ")[1])[:2] == [shared[0], shared[-1]]


def test_the_example_of_the_targets_configuration_is_valid() -> None:
    config = json.loads(next(block.text for block in REGISTERING.blocks if '"results_path"' in block.text))
    assert config.keys() - {"stream_maps"} <= {declared.name for declared in TARGET_SETTINGS}
    fields = TARGET_SCHEMAS["new_registrant"]["properties"].keys() | {"__filter__"}
    assert all(stream.keys() <= fields for stream in config["stream_maps"].values())


def test_the_outcomes_are_those_of_the_target() -> None:
    assert [names(row[0])[0] for row in REGISTERING.table("Outcome")] == [outcome.value for outcome in Outcome]


# Reliability


def test_the_limits_are_those_of_the_code_and_the_same_for_tap_and_target() -> None:
    (timeout,) = (setting.default for setting in CONNECTION_SETTINGS if setting.name == "request_timeout")
    assert [int(re.findall(r"\d+", row[1])[0]) for row in DOCS["reliability"].table("What", "Limit")] == [
        *(CONNECT_TIMEOUT, timeout, RESPONSE_DEADLINE_FACTOR, TRIES, CALL_DEADLINE_FACTOR, MAX_CONSECUTIVE_FAILURES),
        *(LONGEST_PAUSE, MAX_RESPONSE_BYTES // 2**20, MAX_PAGES, 0),
    ]
    assert MAX_CONSECUTIVE_FAILURES == MAX_UNANSWERED


# Targets


def test_the_table_has_a_row_for_each_target_that_the_script_tries() -> None:
    assert HEADER in DOCS["targets"].text
    assert [row[0] for row in TARGET_ROWS] == [target.name for target in TARGETS]


def test_a_target_that_replaces_is_called_wrong_and_one_that_is_not_right_is_explained() -> None:
    assert [row for row in TARGET_ROWS if "**replaces**" in row[4] and row[-1] != "**wrong**"] == []
    prose = DOCS["targets"].text.partition("The others:")[2]
    right = {names(row[0])[0] for row in TARGET_ROWS if row[-1] == "right"}
    wrong = {names(row[0])[0] for row in TARGET_ROWS} - right
    assert {name for name in wrong if f"`{name}`" not in prose} == set()


def test_methods_of_replication_are_those_of_the_streams() -> None:
    streams = TapGoToWebinar(config={}, validate_config=False).streams.values()
    methods = {cells[0]: set(names(cells[1])) for cells in DOCS["targets"].table("Method", "Streams")}
    assert methods["`INCREMENTAL`"] == {stream.name for stream in streams if stream.replication_key}
