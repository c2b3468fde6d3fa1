"""A year of webinars, loaded once: what the slow tests of the answers build on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.postgres import Postgres
from demo.programme import hold
from demo.project import temporary_project
from gotowebinar_sandbox import Options, Sandbox
from tests.answers.building import on_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.answers.building import Package

RAW = "gotowebinar_sandbox"


@pytest.fixture(scope="session")
def world() -> Iterator[Sandbox]:
    """A GoToWebinar with a year of webinars."""
    with Sandbox(Options(seed=3, webinars=3, registrants=25)) as sandbox:
        hold(sandbox.control)
        yield sandbox


@pytest.fixture(scope="session")
def loaded(world: Sandbox) -> Iterator[Postgres]:
    """A PostgreSQL with all its rows, of the streams that are read by default."""
    with Postgres() as database:
        with temporary_project(world.settings, database) as project:
            project.meltano("run", "tap-gotowebinar", "target-postgres")
        yield database


@pytest.fixture
def package(tmp_path: Path, loaded: Postgres) -> Package:
    """The dbt package, working on these rows."""
    return on_postgres(tmp_path, loaded)
