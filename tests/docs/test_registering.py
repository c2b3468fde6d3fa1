"""What the page on registering people says is true of the target."""

import json

import pytest

from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from target_gotowebinar.results import Outcome
from target_gotowebinar.settings import TARGET_SETTINGS
from tests.pages import DOCS, names
from tests.schema_files import TARGET_SCHEMAS
from tests.setting_rows import setting_row

PAGE = DOCS["registering"]


@pytest.mark.parametrize("row", [setting_row(declared) for declared in TARGET_SETTINGS])
def test_the_settings_table_says_what_the_code_declares(row: str) -> None:
    assert row in PAGE.text.splitlines(), f"paste into the settings table:\n{row}"


def test_the_settings_table_has_no_other_rows() -> None:
    rows = PAGE.table("Setting of the target")
    assert [names(row[0])[0] for row in rows] == [declared.name for declared in TARGET_SETTINGS]


def test_the_settings_that_the_target_shares_are_those_of_the_connection() -> None:
    shared = [declared.name for declared in CONNECTION_SETTINGS]
    assert names(PAGE.text.split("settings of the connection, ")[1])[:2] == [shared[0], shared[-1]]


def test_the_example_of_the_targets_configuration_is_valid() -> None:
    config = json.loads(next(block.text for block in PAGE.blocks if '"results_path"' in block.text))
    assert config.keys() - {"stream_maps"} <= {declared.name for declared in TARGET_SETTINGS}
    fields = TARGET_SCHEMAS["new_registrant"]["properties"].keys() | {"__filter__"}
    assert all(stream.keys() <= fields for stream in config["stream_maps"].values())


def test_the_outcomes_are_those_of_the_target() -> None:
    assert [names(row[0])[0] for row in PAGE.table("Outcome")] == [outcome.value for outcome in Outcome]
