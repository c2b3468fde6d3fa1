"""Six connections at once in one Meltano project, round after round: each goes on from its own state.

Meltano keeps the state and the catalog that it hands to a tap in one file for each plugin and project. Both ways of the
documentation to keep runs apart are tested: a folder for each connection (`sync`), and a plugin for each account.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import connection_variables, database_variables
from gotowebinar_sandbox import Sandbox
from tests.orchestration.site import Machine, Site, system_database
from tests.warehouse import difference

Start = Callable[[str], subprocess.Popen[str]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

NAMES = ("academy", "events", "partners", "product", "sales", "support")
ROUNDS = int(os.environ.get("ROUNDS", "2"))
"""`make reach` runs twenty of them."""


@pytest.fixture
def database(new_database: Callable[[], Postgres]) -> Postgres:
    return new_database()


@pytest.fixture
def site(tmp_path: Path, database: Postgres) -> Iterator[Site]:
    with Site(tmp_path / "site", NAMES, database, webinars=2, registrants=4) as running:
        yield running


@pytest.fixture
def machine(site: Site, database: Postgres) -> Machine:
    """A machine whose Meltano has made its tables: runs that begin at once would each try to."""
    machine = site.machine("machine", MELTANO_DATABASE_URI=system_database(database))
    code, printed = Machine(site.project, machine.variables).run("state", "list", program="meltano")
    assert code == 0, printed
    return machine


def test_a_folder_for_each_connection_keeps_them_apart(site: Site, machine: Machine) -> None:
    rounds(site, lambda name: machine.start(name, site.schema(name)))


def test_a_plugin_for_each_account_keeps_them_apart(site: Site, machine: Machine) -> None:
    declare_a_plugin_for_each(site)
    variables = {**machine.variables, **database_variables(site.database)}
    for name in NAMES:
        for key, value in connection_variables(site.settings(name)).items():
            variables[key.replace("GOTOWEBINAR", f"GOTOWEBINAR_{name.upper()}", 1)] = value

    project = Machine(site.project, variables)
    rounds(site, lambda name: project.start("run", f"tap-gotowebinar-{name}", "target-postgres", program="meltano"))


def declare_a_plugin_for_each(site: Site) -> None:
    """Add what docs/accounts.md shows for each connection."""
    path = site.project / "meltano.yml"
    declared = YAML(typ="safe").load(path)
    declared["plugins"]["extractors"] += [
        {"name": f"tap-gotowebinar-{name}", "inherit_from": "tap-gotowebinar", "load_schema": site.schema(name)}
        for name in NAMES
    ]
    YAML(typ="safe").dump(declared, path)


def rounds(site: Site, start: Start) -> None:
    """Run all connections at the same time, again and again; in between, somebody registers and somebody cancels."""
    gone: dict[str, list[str]] = {name: [] for name in NAMES}
    ahead = {name: sandbox.control.add_webinar() for name, sandbox in site.sandboxes.items()}
    for name, sandbox in site.sandboxes.items():
        sandbox.control.add_registrants(ahead[name], 3)
    for number in range(ROUNDS):
        begun = {name: start(name) for name in NAMES}
        printed = {name: run.communicate()[0] for name, run in begun.items()}
        failed = {name: printed[name][-2000:] for name, run in begun.items() if run.returncode}
        assert failed == {}, f"round {number}"
        for name, sandbox in site.sandboxes.items():
            found = difference(site.database, site.schema(name), sandbox, gone[name])
            assert found.is_none, f"round {number}, {name}: {found}"
            assert removed(site, name) == sorted(gone[name]), f"round {number}, {name}"
            assert known_webinars(site, name) == {
                row["webinarKey"] for row in sandbox.control.expected_records()["webinars"]
            }
            gone[name].append(somebody_comes_and_somebody_goes(sandbox, ahead[name]))


def somebody_comes_and_somebody_goes(sandbox: Sandbox, webinar: str) -> str:
    """Register people for a webinar, and let somebody else cancel; return who cancelled."""
    people = [
        row["registrantKey"]
        for row in sandbox.control.expected_records()["registrants"]
        if row["webinarKey"] == webinar
    ]
    sandbox.control.add_registrants(webinar, 2)
    sandbox.control.cancel_registrant(webinar, people[0])
    return str(people[0])


def removed(site: Site, name: str) -> list[str]:
    """Return whose cancellation has come out; a state that is another's lets it be overlooked."""
    with psycopg.connect(site.database.dsn) as connection:
        table = f'"{site.schema(name)}".registrant_removals'
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            return []
        found = connection.execute(f'SELECT "registrantKey" FROM {table}').fetchall()  # noqa: S608 - our own names
    return sorted(key for (key,) in found)


def known_webinars(site: Site, name: str) -> set[str]:
    """Return the webinars that the state of a connection is about."""
    rows: list[tuple[Any, ...]] = site.database.query("SELECT state_id, completed_state FROM state")
    ids = {
        f"production:tap-gotowebinar-to-target-postgres:{name}",
        f"production:tap-gotowebinar-{name}-to-target-postgres",
    }
    (state,) = [json.loads(completed) for state_id, completed in rows if state_id in ids]
    return set(state["singer_state"]["bookmarks"]["registrants"]["webinars"])
