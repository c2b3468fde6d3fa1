"""What the project says of itself holds: its threat table, its versions, its changelog."""

import ast
import itertools
import os
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tests.runs import output_of
from tests.sources import ROOT

SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
THREATS = [line.strip("|").split(" | ") for line in SECURITY.splitlines() if line.startswith("| ")][1:]
TESTS = {
    name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))
}
PACKAGES = {"gotowebinar_sandbox", "tap_gotowebinar", "target_gotowebinar"}
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: f"{threat[0]} from {threat[1]}".strip())
def test_every_threat_is_met_by_tests_that_exist(threat: list[str]) -> None:
    named = re.findall(r"`(test_\w+)`", threat[3])
    assert named
    assert [name for name in named if name not in TESTS] == []


def test_every_library_that_the_code_imports_is_declared() -> None:
    declared = [*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())]
    packages = {re.split(r"[\[~>=<]", requirement)[0] for requirement in declared}
    # What singer-sdk and psycopg bring along.
    packages |= {"jsonschema", "msgspec", "psycopg-pool"}
    sources = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    imported = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules = {name.partition(".")[0] for name in imported}
    libraries = modules - sys.stdlib_module_names - PACKAGES
    providers = metadata.packages_distributions()
    assert libraries
    assert [
        name for name in libraries if not packages & {found.lower().replace("_", "-") for found in providers[name]}
    ] == []


@pytest.mark.parametrize("command", PROJECT["scripts"])
def test_no_option_of_a_command_takes_a_secret(command: str) -> None:
    command_help = [str(Path(sys.executable).with_name(command)), "--help"]
    options = re.findall(r"(?<![\w-])--([a-z-]+)", output_of(command_help, env=os.environ | {"COLUMNS": "200"}))
    assert options
    secrets = {declared.name.replace("_", "-") for declared in CONNECTION_SETTINGS if declared.secret}
    assert secrets >= {"client-secret", "refresh-token", "personal-access-token"}
    assert set(options) & secrets == set()


def test_the_changelog_has_the_form_of_keep_a_changelog_and_the_version_is_a_semantic_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", PROJECT["version"])
    versions = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert [title for title in versions[1:] if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", title)] == []
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= set(SECTIONS)
    assert "https://keepachangelog.com/" in CHANGELOG
    assert "https://semver.org/" in CHANGELOG
