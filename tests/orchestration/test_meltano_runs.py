"""`sync` with the real Meltano, tap and target, against sandboxes and a real PostgreSQL."""

import os
import signal
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from demo.postgres import Postgres
from gotowebinar_sandbox import Sandbox
from tests.orchestration.cluster import kill_tree
from tests.orchestration.site import Site, system_database
from tests.warehouse import difference

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def wait_for_calls(sandbox: Sandbox, count: int) -> None:
    while len(sandbox.control.calls()) < count:
        time.sleep(0.05)


def test_after_a_kill_the_next_run_cleans_up_waits_out_the_lock_of_meltano_and_finishes(
    tmp_path: Path, database: Postgres
) -> None:
    options = {"webinars": 3, "registrants": 10, "latency": 0.2}
    with Site(tmp_path / "site", ["killed"], database, **options) as site:
        sandbox, schema = site.sandboxes["killed"], site.schema("killed")
        site.write_secrets("killed", max_concurrency=1)
        machine = site.machine("machine", MELTANO_DATABASE_URI=system_database(database))
        run = machine.start("killed", schema)
        wait_for_calls(sandbox, 15)
        kill_tree(psutil.Process(run.pid))
        run.communicate()
        left = list(machine.folders.glob("killed/run/*/*.config.json"))
        assert left

        code, printed = machine.run("killed", schema)
        assert code == 1
        assert "already running" in printed
        assert [path for path in left if path.exists()] == []

        # Five minutes pass.
        with psycopg.connect(database.dsn) as connection:
            connection.execute(
                "UPDATE runs SET last_heartbeat_at = last_heartbeat_at - interval '5 minutes 15 seconds'"
            )
        sandbox.control.configure(latency=0)
        code, printed = machine.run("killed", schema)
        assert code == 0, printed
        assert difference(database, schema, sandbox).is_none


def test_a_run_that_is_asked_to_end_leaves_no_lock(tmp_path: Path, database: Postgres) -> None:
    options = {"webinars": 3, "registrants": 10, "latency": 0.2}
    with Site(tmp_path / "site", ["stopped"], database, **options) as site:
        sandbox, schema = site.sandboxes["stopped"], site.schema("stopped")
        site.write_secrets("stopped", max_concurrency=1)
        machine = site.machine("machine")
        run = machine.start("stopped", schema)
        wait_for_calls(sandbox, 15)
        os.killpg(run.pid, signal.SIGTERM)
        run.communicate()
        assert run.returncode != 0
        sandbox.control.configure(latency=0)

        code, printed = machine.run("stopped", schema)
        assert code == 0, printed
        assert difference(database, schema, sandbox).is_none


def test_all_connections_run_a_few_at_a_time_and_nobody_else_can_read_their_files(
    tmp_path: Path, database: Postgres
) -> None:
    """The copy of `sync-all` stands beside a connections.yml of ours, as it does at a user's."""
    names = ("first", "second", "third")
    with Site(tmp_path / "site", names, database, webinars=2, registrants=4) as site:
        machine = site.machine("machine", SLOTS="2")
        program = site.copy_of_orchestration() / "sync-all"

        code, printed = machine.run(program=program)
        assert code == 0, printed
        for name in names:
            assert difference(database, site.schema(name), site.sandboxes[name]).is_none, name
        written = [*machine.folders.glob("*"), *machine.folders.glob("*/**/*")]
        open_to_others = [path for path in written if not path.is_symlink() and path.stat().st_mode & 0o077]
        assert len(written) > 10
        # Meltano itself gives these to everybody; there is no secret in them.
        assert {path.name for path in open_to_others} <= {"bin"}
