"""The definitions for MeltanoHub are those of meltano.yml and the code, in the form the Hub takes."""

import re
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from hub.definitions import PLUGINS, REPOSITORY, VARIANT, files

# Read off the Hub's own schemas/plugin_definitions and schemas/common, as they stood on 1 August 2026.
KEYS = {
    *("capabilities", "description", "domain_url", "executable", "keywords", "label", "log_parser", "logo_url"),
    *("maintenance_status", "name", "namespace", "pip_url", "quality", "settings", "settings_group_validation"),
    *("supported_python_versions", "variant"),
}
KINDS = {"array", "boolean", "date_iso8601", "integer", "object", "options", "string"}
TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
DEFINITION = {
    "required": ["name", "namespace", "quality", "variant"],
    "properties": {
        **dict.fromkeys(KEYS, TEXT),
        **dict.fromkeys(("capabilities", "keywords", "select"), TEXTS),
        "commands": {"type": "object"},
        "settings": {
            "items": {
                "required": ["name", "description"],
                "additionalProperties": False,
                "properties": {
                    "value": {},
                    "description": {"type": "string", "minLength": 1},
                    **dict.fromkeys(("label", "name"), TEXT),
                    "kind": {"enum": sorted(KINDS)},
                    "options": {"items": {"properties": {"label": TEXT, "value": TEXT}}},
                    "sensitive": {"type": "boolean"},
                },
            },
        },
        "settings_group_validation": {"type": "array", "items": TEXTS},
        "supported_python_versions": {"type": "array", "items": {"type": "string", "pattern": r"^3\.\d+$"}},
    },
}
CAPABILITIES = {
    "extractors": {
        *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties", "schema-flattening"),
        *("state", "stream-maps", "structured-logging", "test"),
    },
    "loaders": {
        *("about", "activate-version", "batch", "datatype-failsafe", "hard-delete", "schema-flattening", "soft-delete"),
        *("stream-maps", "structured-logging", "target-schema", "validate-records"),
    },
}
CONTENTS: dict[str, dict[str, Any]] = {path.parts[-3]: YAML(typ="safe").load(text) for path, text in files().items()}


def test_the_definitions_are_up_to_date_and_there_are_no_others() -> None:
    there = {path: path.read_text(encoding="utf-8") for path in (REPOSITORY / "hub").rglob("*.yml")}
    wrong = [str(path) for path in there.keys() | files().keys() if there.get(path) != files().get(path)]
    assert wrong == [], "write them anew with: python -m hub"


of_each_plugin = pytest.mark.parametrize("kind", PLUGINS)


@of_each_plugin
def test_the_hub_knows_every_word_of_a_definition_and_the_type_of_every_value(kind: str) -> None:
    content = CONTENTS[kind]
    assert KEYS <= content.keys() <= KEYS | {"commands", "select"}
    assert set(content["capabilities"]) <= CAPABILITIES[kind]
    assert (content["maintenance_status"], content["quality"]) == ("active", "unknown")
    assert [error.message for error in Draft7Validator(DEFINITION).iter_errors(content)] == []


@of_each_plugin
def test_a_definition_names_its_plugin_and_where_it_is_from_and_lies_where_the_hub_looks_for_it(kind: str) -> None:
    content, name = CONTENTS[kind], PLUGINS[kind][0].name
    assert content["name"] == content["executable"] == name
    assert (content["pip_url"], content["variant"]) == ("tap-gotowebinar", VARIANT)
    assert content["supported_python_versions"][0] == "3.11"
    assert REPOSITORY / "hub" / kind / name / f"{VARIANT}.yml" in files()


@of_each_plugin
def test_the_lint_of_the_hub_would_reorder_nothing(kind: str) -> None:
    content = CONTENTS[kind]
    names = [setting["name"] for setting in content["settings"]]
    in_order = [names, content["capabilities"], *content["settings_group_validation"], *content["settings"], content]
    assert [list(part) for part in in_order if list(part) != sorted(part)] == []
    assert len(set(names)) == len(names)
    assert all(set(group) <= set(names) for group in content["settings_group_validation"])


@of_each_plugin
def test_what_the_hub_would_take_for_a_secret_is_one_or_says_that_it_is_none(kind: str) -> None:
    suspicious = [s for s in CONTENTS[kind]["settings"] if re.search(r"key|token|secret|password|_id", s["name"])]
    unsaid = [s["name"] for s in suspicious if s["kind"] == "string" and "sensitive" not in s]
    assert unsaid == []
