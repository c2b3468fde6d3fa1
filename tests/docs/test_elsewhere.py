"""Pages about GitHub, containers and several accounts: what cannot be run here is at least in the right form."""

import importlib.resources
import json
import re
from importlib.metadata import metadata
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.docs.test_pages import variables
from tests.pages import DOCS, names
from tests.sources import ROOT


def yaml_of(page: str, number: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(DOCS[page].of_language("yaml")[number].text)
    return content


def test_the_workflow_has_the_rights_it_needs_and_an_end() -> None:
    assert "is not run" in DOCS["github-actions"].text
    workflow = yaml_of("github-actions")
    (job,) = workflow["jobs"].values()
    assert (workflow["permissions"], job["permissions"]) == ({}, {"contents": "read"})
    assert job["timeout-minutes"] < 60
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert job["steps"][0]["with"]["persist-credentials"] is False


def test_the_workflow_sets_settings_and_ends_before_its_time_is_up() -> None:
    (job,) = yaml_of("github-actions")["jobs"].values()
    settings = {name for name in job["env"] if not name.startswith("MELTANO_")}
    assert settings <= variables()
    secret = {name: value for name, value in job["env"].items() if "secrets." in value}
    assert all(value == f"${{{{ secrets.{name} }}}}" for name, value in secret.items())
    assert int(job["env"]["TAP_GOTOWEBINAR_MAX_CALLS"]) / 100 <= job["timeout-minutes"] - 10


def test_the_extras_of_meltano_exist_and_a_state_backend_is_shown_for_each() -> None:
    named = {extra for page in DOCS.values() for extra in re.findall(r"meltano\[(\w+)\]", page.text)}
    assert named == {"azure", "gcs", "postgres", "s3"}
    assert named <= set(metadata("meltano").get_all("Provides-Extra") or [])
    rows = DOCS["containers"].table("Where", "`MELTANO_STATE_BACKEND_URI`")
    assert {names(row[1])[0].partition(":")[0] for row in rows} == {"s3", "gs", "azure", "file"}


@pytest.mark.parametrize("page", ["accounts", "meltano", "meltano.yml"])
def test_meltano_accepts_the_project(page: str) -> None:
    schema = json.loads(importlib.resources.files("meltano").joinpath("schemas/meltano.schema.json").read_text("utf-8"))
    project = YAML(typ="safe").load(ROOT / page) if page == "meltano.yml" else yaml_of(page)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(project)] == []


def test_keys_in_the_environment_are_a_list() -> None:
    (block,) = DOCS["accounts"].of_language("ini")
    name, _, value = block.text.strip().partition("=")
    assert name in variables()
    assert all(isinstance(key, str) for key in json.loads(value))
