"""The DAG file in the real Airflow: what it makes of connections.yml, a run that succeeds, one that fails and tells."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.postgres import Postgres
from tests.orchestration import airflow
from tests.orchestration.mailbox import Mailbox
from tests.orchestration.site import ORCHESTRATION, Machine, Site, system_database
from tests.warehouse import difference

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not airflow.PYTHON.exists(), reason="make .venv-airflow/installed installs Airflow"),
]

LOCK_OF_MELTANO = 300
"""Seconds for which Meltano takes a killed run for a running one."""

DAGS = """
from airflow.dag_processing.dagbag import DagBag
import os
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
answer({"errors": bag.import_errors, "dags": {dag.dag_id: {
    "schedule": str(dag.schedule), "at once": dag.max_active_runs, "catch up": dag.catchup,
    "tasks": {task.task_id: {
        "command": task.bash_command, "calls": task.env["TAP_GOTOWEBINAR_MAX_CALLS"], "retries": task.retries,
        "retry delay": task.retry_delay.total_seconds(), "time-out": task.execution_timeout.total_seconds(),
        "alert": bool(task.on_failure_callback),
    } for task in dag.tasks},
} for dag in bag.dags.values()}})
"""
TEST = """
from airflow.dag_processing.dagbag import DagBag
import os
dag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags["gotowebinar__academy"]
answer(dag.test().state)
"""


@pytest.fixture
def site(tmp_path: Path, database: Postgres) -> Iterator[Site]:
    with Site(tmp_path / "site", ["academy"], database, webinars=3, registrants=5) as running:
        yield running


@pytest.fixture
def machine(site: Site, database: Postgres) -> Machine:
    return site.machine("machine", MELTANO_DATABASE_URI=system_database(database))


def settings(machine: Machine, orchestration: Path) -> dict[str, str]:
    made = airflow.variables(machine.home / "airflow", orchestration, f"sqlite:///{machine.home}/airflow.db")
    airflow.migrate(machine, made)
    return made


def test_each_connection_has_a_dag_that_never_runs_twice_at_once_and_whose_task_outlasts_the_lock_of_meltano(
    machine: Machine,
) -> None:
    found = airflow.ask(DAGS, machine, settings(machine, ORCHESTRATION))

    assert found["errors"] == {}
    assert {name: (dag["schedule"], dag["at once"], dag["catch up"]) for name, dag in found["dags"].items()} == {
        "gotowebinar__academy": ("*/15 * * * *", 1, False),
        "gotowebinar__sales": ("*/5 * * * *", 1, False),
    }
    tasks = {name: dag["tasks"]["sync"] for name, dag in found["dags"].items()}
    assert tasks["gotowebinar__sales"]["command"].strip() == f"'{ORCHESTRATION}/sync' sales gotowebinar_sales"
    for task in tasks.values():
        assert task["retries"] >= 1
        assert task["retry delay"] > LOCK_OF_MELTANO
        assert task["alert"]
        minutes_of_calls = int(task["calls"]) / 100
        assert task["time-out"] == 2 * minutes_of_calls * 60


def test_a_run_through_airflow_brings_everything_into_the_warehouse(site: Site, machine: Machine) -> None:
    variables = settings(machine, site.copy_of_orchestration())

    assert airflow.ask(TEST, machine, variables) == "success"
    assert difference(site.database, site.schema("academy"), site.sandboxes["academy"]).is_none


def test_a_run_that_fails_is_told_by_mail_without_any_secret(site: Site, machine: Machine) -> None:
    site.sandboxes["academy"].control.configure(identity="forbidden", admin="narrow")
    site.write_secrets("academy", personal_access_token="made-up-token", refresh_token="")
    orchestration = site.copy_of_orchestration()
    dag_file = orchestration / "airflow" / "dags" / "gotowebinar.py"
    dag_file.write_text(dag_file.read_text(encoding="utf-8").replace("RETRIES = 3", "RETRIES = 0"), encoding="utf-8")
    with Mailbox() as mailbox:
        host = {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox.port}
        host |= {"extra": {"disable_ssl": True, "disable_tls": True}}
        variables = settings(machine, orchestration) | {"AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(host)}

        assert airflow.ask(TEST, machine, variables) == "failed"

    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["To"]) == ("GoToWebinar: academy failed", "data@example.com")
    (text,) = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert "gotowebinar__academy" in text
    assert "made-up-token" not in text
