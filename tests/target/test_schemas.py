"""The schemas of what the target takes and gives say what GoTo and the connector reference document."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from target_gotowebinar.results import Outcome
from tests.schema_files import TARGET_SCHEMAS

FIXTURES = Path(__file__).parents[1] / "fixtures"
REFERENCE = (FIXTURES / "connector-reference.md").read_text(encoding="utf-8")
NEW_REGISTRANT: dict[str, Any] = TARGET_SCHEMAS["new_registrant"]
RESULT: dict[str, Any] = TARGET_SCHEMAS["registration_result"]


def endpoint() -> dict[str, Any]:
    table = json.loads((FIXTURES / "gotowebinar-endpoints.json").read_text(encoding="utf-8"))
    (found,) = (entry for entry in table["endpoints"] if entry["id"] == "create_registrant")
    return dict(found)


def connector_fields(name: str) -> set[str]:
    section = REFERENCE.split(f"### {name}\n")[1].split("\n##")[0]
    return {row.split("|")[4].strip() for row in section.splitlines() if row.count("|") == 5} - {"Path", "------"}


def paths(schema: dict[str, Any], before: str = "") -> set[str]:
    found = set()
    for name, declared in schema["properties"].items():
        found.add(before + name)
        if "items" in declared:
            found |= paths(declared["items"], f"{before}{name}[].")
    return found


@pytest.mark.parametrize("name", TARGET_SCHEMAS)
def test_a_schema_is_valid_and_describes_every_field(name: str) -> None:
    Draft202012Validator.check_schema(TARGET_SCHEMAS[name])
    assert all(declared["description"].endswith(".") for declared in TARGET_SCHEMAS[name]["properties"].values())


def test_the_fields_and_required_fields_are_those_of_the_endpoint() -> None:
    fields = {field["name"]: field["required"] for field in endpoint()["request_body"]}
    assert paths(NEW_REGISTRANT) == fields.keys() | {"webinarKey", "organizerKey"}
    required = {name for name, is_required in fields.items() if is_required}
    assert set(NEW_REGISTRANT["required"]) | {"responses[].questionKey"} == required


def test_the_objects_of_the_connector_are_there() -> None:
    assert connector_fields("NewRegistrant") <= paths(NEW_REGISTRANT)
    assert connector_fields("RegistrationResult") == paths(RESULT) - {"email", "webinarKey", "outcome"}


def test_the_outcomes_are_those_of_the_code() -> None:
    assert RESULT["properties"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert re.findall(r"\b([a-z_]+):", RESULT["properties"]["outcome"]["description"]) == list(Outcome)
