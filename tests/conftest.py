"""Fixtures for all tests: the sandbox is the other end of every connection."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest

from demo.postgres import Postgres
from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.api import retries
from tests.forkserver import SHARED, Launcher
from tests.runs import FAST

# The same examples each time, however long they take where many things run at once.
hypothesis.settings.register_profile(
    "ordinary",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ordinary")

# Each mutant gets the same few examples, and none is made smaller when it is found out.
hypothesis.settings.register_profile(
    "mutants",
    max_examples=30,
    derandomize=True,
    deadline=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)

SMALL = {"seed": 7, "organizers": 1, "webinars": 5, "registrants": 10}


@pytest.fixture(scope="session", autouse=True)
def launcher() -> Iterator[Launcher]:
    """Starts the commands, each as a process of its own."""
    with SHARED:
        yield SHARED


@pytest.fixture(scope="session", autouse=True)
def short_waits() -> Iterator[None]:
    """Wait little between the tries of runs in this process; commands wait as long as they do for you."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(retries.WAITS.keywords, "factor", 0.02)
        yield


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's runs keep tokens: nothing of the person at the keyboard is read or changed."""
    for name in os.environ:
        if name.startswith(("TAP_GOTOWEBINAR_", "TARGET_GOTOWEBINAR_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "tap-gotowebinar"


@pytest.fixture
def make_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Start a sandbox with the options given; it is stopped with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(Options(**{**SMALL, **options})))


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A small sandbox without limits or faults."""
    return make_sandbox()


@pytest.fixture
def settings(sandbox: Sandbox) -> dict[str, Any]:
    """Settings that reach the small sandbox, under a budget that never waits."""
    return {**sandbox.settings, **FAST}


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon: six tries are somebody else's test."""
    monkeypatch.setattr(retries, "TRIES", 2)


class FreshDatabase(Postgres):
    """An empty database of a PostgreSQL that runs already."""

    def __init__(self, server: Postgres, name: str) -> None:
        super().__init__()
        self.port, self.password = server.port, server.password
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        self.name = name


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], Postgres]]:
    """Make an empty database; there is one PostgreSQL for all tests."""
    numbers = itertools.count()
    with Postgres() as server:
        yield lambda: FreshDatabase(server, f"fresh_{next(numbers)}")


@pytest.fixture(scope="module")
def database(new_database: Callable[[], Postgres]) -> Postgres:
    """An empty database for the tests of a module."""
    return new_database()
