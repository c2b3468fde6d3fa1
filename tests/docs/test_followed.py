"""Pages followed to the letter in an empty folder: every command works, and prints what the page says."""

import json
import re
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import connection_variables, database_variables
from gotowebinar_sandbox import Sandbox
from tests.doc_runner import fits, follow
from tests.pages import DOCS, Page
from tests.runs import FAST
from tests.sources import ROOT
from tests.target import registering

FOLLOWED = [name for name, page in DOCS.items() if any(block.marker == "run" for block in page.blocks)]

MELTANO = """#!/bin/sh
# The programs beside this Meltano stand in for what it would install.
if [ "$1" = add ]; then
    "{meltano}" "$@" --no-install && exec "{python}" "{folder}/stand_in.py"
fi
exec "{meltano}" "$@"
"""
STAND_IN = """
from ruamel.yaml import YAML
yaml = YAML()
with open("meltano.yml") as file:
    project = yaml.load(file)
with open("{root}/meltano.yml") as file:
    loaders = yaml.load(file)["plugins"]["loaders"]
project["plugins"]["loaders"] = [loader for loader in loaders if loader["name"] == "target-postgres"]
for kind in ("extractors", "loaders"):
    for plugin in project["plugins"][kind]:
        plugin.pop("pip_url")
with open("meltano.yml", "w") as file:
    yaml.dump(project, file)
"""


@pytest.fixture
def workspace(tmp_path: Path, sandbox: Sandbox, database: Postgres) -> Path:
    """A folder in which everything that a page takes for granted is there: accounts, a warehouse, a clone, Meltano."""
    settings = {**sandbox.settings, **FAST}
    people = [registering.schema(), registering.record(registering.ADA), registering.state(1)]
    files = {
        "config.json": json.dumps(settings),
        "target.json": json.dumps(warehouse(database)),
        "target-gotowebinar.json": json.dumps({**settings, "webinar_key": sandbox.control.add_webinar()}),
        "people.jsonl": registering.lines(people),
        "stand_in.py": STAND_IN.format(root=ROOT),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tap-gotowebinar").symlink_to(ROOT, target_is_directory=True)
    (tmp_path / "bin").mkdir()
    meltano = tmp_path / "bin" / "meltano"
    programs = Path(sys.executable)
    meltano.write_text(
        MELTANO.format(meltano=programs.with_name("meltano"), python=programs, folder=tmp_path), encoding="utf-8"
    )
    meltano.chmod(0o755)
    return tmp_path


def warehouse(database: Postgres) -> dict[str, object]:
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "database": "DATABASE"}
    values = database_variables(database)
    settings: dict[str, object] = {name: values[f"TARGET_POSTGRES_{suffix}"] for name, suffix in names.items()}
    return settings | {"port": database.port, "default_target_schema": "gotowebinar"}


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FOLLOWED)
def test_a_page_can_be_followed(name: str, workspace: Path, sandbox: Sandbox, database: Postgres) -> None:
    page: Page = DOCS[name]
    settings = {**sandbox.settings, **FAST}
    done = follow(page, workspace, connection_variables(settings) | database_variables(database))
    assert done
    assert [f"{shown.command}{shown.printed}" for shown in done if shown.expected and not fits(shown)] == []


@pytest.mark.slow
@pytest.mark.external
def test_followed_pages_load_real_rows(workspace: Path, sandbox: Sandbox, database: Postgres) -> None:
    follow(DOCS["singer"], workspace, connection_variables({**sandbox.settings, **FAST}) | database_variables(database))
    (loaded,) = database.query("select count(*) from gotowebinar.registrants")
    assert loaded[0] >= len(sandbox.control.expected_records()["registrants"])


def test_the_job_and_its_schedule_are_what_meltano_takes() -> None:
    project = YAML(typ="safe").load(DOCS["meltano"].of_language("yaml")[0].text)
    assert {schedule["job"] for schedule in project["schedules"]} == {job["name"] for job in project["jobs"]}
    assert re.search(rf"meltano run {project['jobs'][0]['name']}$", DOCS["meltano"].of_language("cron")[0].text)
