"""An Airflow with Celery: scheduler, API server and DAG processor on one machine, workers on others."""

import base64
import contextlib
import secrets
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Final, LiteralString, Self

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from demo.postgres import free_port
from tests.orchestration import airflow
from tests.orchestration.site import Machine, Site

HEARTBEAT_TIMEOUT: Final = 60
"""Seconds without a sign of life after which Airflow takes a task for dead; its own default is 300."""

RUNS_PER_WORKER: Final = 3
DATABASES: Final = ("airflow", "broker")
DIES_WITHIN: Final = 20.0

BROKER: Final = """
import os, kombu
with kombu.Connection(os.environ["AIRFLOW__CELERY__BROKER_URL"]) as broker:
    broker.SimpleQueue("default").close()
answer(True)
"""
"""Makes the tables and the queue of the broker: workers that begin at the same time would each try to."""


class Cluster:
    """An Airflow that runs all connections of a site, from entering the context to leaving it.

    The machines are sets of processes that share nothing but the project, the env files, the databases and Airflow's
    configuration: each has a home, folders and locks of its own. PostgreSQL is the broker, too, to spare a program
    that does not come from a package index; Redis or RabbitMQ are what Airflow recommends.
    """

    def __init__(self, site: Site, orchestration: Path, head: Machine) -> None:
        """Run nothing yet; the head is the machine of everything but the workers."""
        self._site, self._head = site, head
        self._settings = airflow.variables(
            head.home / "airflow", orchestration, self._uri("postgresql+psycopg2", "airflow")
        )
        self._settings |= self._common(free_port())
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with psycopg.connect(self._site.database.dsn, autocommit=True) as connection:
            for name in DATABASES:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with ExitStack() as stack:
            self._stack = stack
            airflow.migrate(self._head, self._settings)
            airflow.ask(BROKER, self._head, self._settings)
            for component in ("api-server", "scheduler", "dag-processor"):
                self._start(self._head, component)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_worker(self, machine: Machine) -> psutil.Process:
        name = f"worker@{machine.home.name}"
        return self._start(
            machine, "celery", "worker", f"--celery-hostname={name}", f"--concurrency={RUNS_PER_WORKER}",
            *("--skip-serve-logs", "--without-gossip", "--without-mingle"),
        )  # fmt: skip

    def query(self, statement: LiteralString) -> list[tuple[object, ...]]:
        """Return what Airflow's own database answers."""
        database = self._site.database
        dsn = make_conninfo(database.dsn, dbname="airflow")
        with psycopg.connect(dsn) as connection:
            return connection.execute(statement).fetchall()

    def _start(self, machine: Machine, *words: str) -> psutil.Process:
        with (machine.home / f"{words[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [airflow.AIRFLOW, *words],
                env={**machine.variables, **self._settings, "AIRFLOW_HOME": str(machine.home / "airflow")},
                cwd=machine.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(process.wait)
        started = psutil.Process(process.pid)
        self._stack.callback(kill_tree, started)
        return started

    def _uri(self, scheme: str, name: str) -> str:
        database = self._site.database
        return f"{scheme}://{database.user}:{database.password}@{database.host}:{database.port}/{name}"

    def _common(self, port: int) -> dict[str, str]:
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__CELERY__BROKER_URL": self._uri("sqla+postgresql+psycopg2", "broker"),
            "AIRFLOW__CELERY__RESULT_BACKEND": self._uri("db+postgresql+psycopg2", "broker"),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT),
        }


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all its descendants at once, as a machine that loses its power does."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process.suspend()
        # Children that are started meanwhile belong to processes that are suspended in a later round.
        while new := [child for child in process.children(recursive=True) if child not in family]:
            for child in new:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.suspend()
            family += new
    for member in (process, *family):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=DIES_WITHIN)
