"""A year of webinars, loaded once: what the slow tests of the answers build on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.postgres import Postgres
from demo.programme import hold
from demo.project import temporary_project
from gotowebinar_sandbox import Options, Sandbox
from tests.answers.building import Package, on_postgres

RAW = "gotowebinar_sandbox"


@pytest.fixture(scope="session")
def world() -> Iterator[Sandbox]:
    """A GoToWebinar with a year of webinars."""
    with Sandbox(Options(seed=3, webinars=3, registrants=25)) as sandbox:
        hold(sandbox.control)
        yield sandbox


@pytest.fixture(scope="session")
def loaded(world: Sandbox, new_database: Callable[[], Postgres]) -> Postgres:
    """A PostgreSQL with all its rows, of the streams that are read by default."""
    database = new_database()
    with temporary_project(world.settings, database) as project:
        project.meltano("run", "tap-gotowebinar", "target-postgres")
    return database


@pytest.fixture
def package(tmp_path: Path, loaded: Postgres) -> Package:
    return on_postgres(tmp_path, loaded)
