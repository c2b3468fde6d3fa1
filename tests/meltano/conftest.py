"""One Meltano project and one loaded database for all tests of this folder."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from demo.postgres import Postgres
from demo.project import temporary_project
from gotowebinar_sandbox import Options, Sandbox
from tests.meltano.loading import Loading


@pytest.fixture(scope="session")
def loaded(new_database: Callable[[], Postgres]) -> Iterator[Loading]:
    # The clock of the sandbox is stopped: no session may end between a load and the comparison.
    now = dt.datetime.now(dt.UTC).isoformat()
    options = Options(seed=7, organizers=1, webinars=12, registrants=12, now=now)
    database = new_database()
    with Sandbox(options) as sandbox, temporary_project(sandbox.settings, database) as project:
        loading = Loading(sandbox, database, project)
        # Somebody waits for a webinar that has not begun.
        webinar = sandbox.control.add_webinar(approvalType="MANUAL")
        sandbox.control.add_registrants(webinar, people=[{"status": "WAITING"}])
        loading.run()
        yield loading
