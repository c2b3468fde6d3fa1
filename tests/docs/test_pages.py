"""What holds of every page: links lead somewhere, names exist, data can be read, commands are run or say why not."""

import json
import re
import subprocess

import pytest
from ruamel.yaml import YAML

from hub.definitions import PLUGINS
from tests.pages import DOCS, EVERY_PAGE, README, Block, Page
from tests.schema_files import STREAM_SCHEMAS, TARGET_SCHEMAS
from tests.sources import ROOT, needs_sources

PAGES = [README, *DOCS.values()]
SCHEMAS = STREAM_SCHEMAS | TARGET_SCHEMAS
WRITTEN_HERE = {"catalog.json", "config.json", "messages.jsonl", "people.jsonl", "results.jsonl", "state.json"} | {
    *("states.jsonl", "leads-states.jsonl", "target-gotowebinar.json", "target.json", "sandbox.env"),
    *("stream_maps.html", "dbt_project.yml", "packages.yml", "people.html", "webinars.html"),
}
NOT_OURS = {"answer_keys", "inherit_from", "meeting_times", "text_keys", "pip_url"} | {
    *("gotowebinar_rate_gate", "gotowebinar_rate_slot", "gotowebinar_sandbox", "gotowebinar_sandbox_marts"),
    *("default_target_schema", "load_method", "load_schema", "single_session"),
}
"""Of the tutorial, of Meltano, of a database, of targets, and of GoTo."""


def settings() -> set[str]:
    found = {"emit_activate_version_messages"}
    for plugin, _ in PLUGINS.values():
        schema = json.loads(json.dumps(plugin.config_jsonschema))
        plugin.append_builtin_config(schema)
        found |= schema["properties"].keys()
    return found


def variables() -> set[str]:
    plugins = YAML(typ="safe").load(ROOT / "meltano.yml")["plugins"]
    return {
        f"{plugin['name']}_{setting['name']}".upper().replace("-", "_")
        for kind in ("extractors", "loaders")
        for plugin in plugins[kind]
        for setting in plugin["settings"]
    }


of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
of_every_page = pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)


def test_the_index_names_every_page() -> None:
    others = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert others <= set(DOCS["README"].links)


@needs_sources
@of_every_page
def test_a_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        target = page.folder / path if path else page.folder / page.name.rpartition("/")[2]
        assert target.exists(), link
        assert not anchor or anchor in Page(target.resolve()).anchors, link


@of_each_page
def test_a_name_with_underscores_is_a_setting_or_a_stream(page: Page) -> None:
    known = settings() | SCHEMAS.keys() | NOT_OURS | {"already_registered"} | of_the_marts()
    assert set(page.quoted(r"[a-z]+(_+[a-z]+)+")) <= known


def of_the_marts() -> set[str]:
    """Marts, their columns, and the schemas they are in."""
    models = YAML(typ="safe").load(ROOT / "transform/models/marts/gotowebinar.yml")["models"]
    columns = {column["name"] for model in models for column in model["columns"]}
    return columns | {model["name"] for model in models} | {"gotowebinar_marts", "_local"}


@of_each_page
def test_a_name_in_camel_case_is_a_field(page: Page) -> None:
    known = set().union(*(schema["properties"] for schema in SCHEMAS.values()))
    assert set(page.quoted(r"[a-z]+[A-Z]\w*")) <= known | {"questionKey", "responseText", "answerKey"}


@needs_sources
@of_each_page
def test_a_name_with_a_dot_is_a_field_of_a_stream_or_a_file(page: Page) -> None:
    for code in page.quoted(r"[a-z_]+\.[a-zA-Z]+"):
        stream, _, field = code.partition(".")
        modules = [*ROOT.glob(f"*_gotowebinar/**/{code}"), *ROOT.glob(f"transform/**/{code}")]
        known = code in WRITTEN_HERE or (ROOT / code).exists() or modules
        assert known or field in SCHEMAS.get(stream, {}).get("properties", {}) or is_nested(stream, field), code


def is_nested(column: str, field: str) -> bool:
    return any(field in schema["properties"].get(column, {}).get("properties", {}) for schema in SCHEMAS.values())


@of_every_page
def test_variables_are_those_of_settings(page: Page) -> None:
    named = set(re.findall(r"\b(?:TAP|TARGET)_[A-Z_]+[A-Z]", page.text))
    prefixes = {"TAP_GOTOWEBINAR", "TARGET_GOTOWEBINAR", "TAP_GOTOWEBINAR_SALES_CLIENT_ID"}
    assert named <= variables() | prefixes


@of_each_page
def test_every_command_is_run_or_says_why_not_and_a_shell_can_read_it(page: Page) -> None:
    blocks = page.of_language("sh")
    assert [block.text for block in blocks if not re.fullmatch(r"run|not run: .{10,}", block.marker)] == []
    assert len(blocks) == page.text.count("```sh\n")
    for block in blocks:
        subprocess.run(["/bin/sh", "-n"], input=block.text, check=True, encoding="utf-8")


@of_each_page
def test_every_output_is_that_of_a_command_or_of_the_demo(page: Page) -> None:
    for before, block in zip([Block("", "", ""), *page.blocks], page.blocks, strict=False):
        if block.language == "text" and block.marker != "excerpt of the demo":
            assert (before.marker, block.marker) == ("run", "output")


@of_each_page
def test_data_can_be_read(page: Page) -> None:
    for block in page.of_language("json"):
        json.loads(block.text)
    for block in page.of_language("yaml"):
        YAML(typ="safe").load(block.text)


# Where the package is installed from

OTHER_PROGRAMS = r"meltano|meltanolabs-|--group|-r |apache-"


def installed(page: Page) -> set[str]:
    """Return what a page installs of this package; the rest is other programs and groups of dependencies."""
    found = re.findall(r"pipx? install (?:--(?:compile-bytecode|force|no-cache-dir) ?)*([^\n`]*)", page.text)
    return {what for what in found if what and not re.match(rf"['\"]?({OTHER_PROGRAMS})", what)}


@of_every_page
def test_a_page_installs_the_package_as_the_page_on_installing_does(page: Page) -> None:
    assert installed(page) <= installed(DOCS["install"])
    assert not re.search(r"OWNER|github\.com/[\w-]+/tap-gotowebinar", page.text), "an address that does not exist"


def test_it_is_installed_from_what_the_reader_has() -> None:
    assert {"'.[sandbox]'", ".", "./tap_gotowebinar-*.whl"} <= installed(DOCS["install"])
