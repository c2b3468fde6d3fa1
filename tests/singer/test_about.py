"""What tap and target say of themselves, in every format: what meltano.yml declares, no more and no less."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from hub.definitions import PLUGINS, declaration, pythons
from tap_gotowebinar.tap import TapGoToWebinar

FORMATS = {"text": [], "json": ["--format=json"], "markdown": ["--format=markdown"]}


def about(kind: str, form: str) -> str:
    done = CliRunner().invoke(PLUGINS[kind][0].cli, ["--about", *FORMATS[form]])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def declared(kind: str) -> dict[str, Any]:
    return declaration(kind, PLUGINS[kind][0].name)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", PLUGINS)
def test_every_format_names_every_setting_capability_and_python(kind: str, form: str) -> None:
    told, plugin = set(re.findall(r"[\w.-]+", about(kind, form))), declared(kind)
    assert {setting["name"] for setting in plugin["settings"]} <= told
    assert set(plugin["capabilities"]) <= told
    assert {plugin["name"], *pythons()} <= told


@pytest.mark.parametrize("kind", PLUGINS)
def test_json_can_be_read_and_has_the_capabilities_that_are_declared(kind: str) -> None:
    told = json.loads(about(kind, "json"))
    assert told["name"] == declared(kind)["name"]
    assert sorted(told["capabilities"]) == sorted(declared(kind)["capabilities"])
    assert told["supported_python_versions"] == pythons()


def test_markdown_is_a_page_with_a_table_of_the_settings() -> None:
    page = about("extractors", "markdown")
    assert page.startswith(f"# `{TapGoToWebinar.name}`")
    assert re.search(r"\| client_id +\| True ", page)
