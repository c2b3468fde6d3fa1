"""What the page of tasks tells somebody to do has the effect that it names; other tests ask its questions in SQL."""

import subprocess

import pytest

from demo.postgres import Postgres
from demo.project import Project, temporary_project
from gotowebinar_sandbox import Sandbox
from tests.pages import DOCS
from tests.runs import FAST

pytestmark = [pytest.mark.external, pytest.mark.slow, pytest.mark.timeout(900)]
SELECT, SELECT_ALL = [block.text for block in DOCS["tasks"].of_language("sh") if "meltano" in block.text][:2]
(CANCELLED,) = [block.text for block in DOCS["tasks"].of_language("sql") if "webinar_removals" in block.text]
RUN = ("run", "tap-gotowebinar", "target-postgres")


def do(script: str, project: Project) -> str:
    """Run commands of the page in a project; return its file afterwards."""
    subprocess.run(["/bin/sh", "-ec", script], cwd=project.folder, env=project.variables, check=True)
    return (project.folder / "meltano.yml").read_text(encoding="utf-8")


def test_one_stream_is_selected_with_meltano_and_then_all_are_again(sandbox: Sandbox, database: Postgres) -> None:
    with temporary_project({**sandbox.settings, **FAST}, database) as project:
        do(SELECT, project)
        project.meltano(*RUN)
        selected = do(SELECT_ALL, project)
    tables = database.query("select table_name from information_schema.tables where table_schema like 'gotowebinar%'")
    assert tables == [("registrants",)]
    for pattern in ("*.*", "!attendee_polls.*", "!attendee_surveys.*"):
        assert f"- '{pattern}'" in selected


def test_a_cancelled_webinar_is_listed(sandbox: Sandbox, database: Postgres) -> None:
    key = sandbox.control.add_webinar()
    with temporary_project({**sandbox.settings, **FAST}, database) as project:
        project.meltano(*RUN)
        sandbox.control.cancel_webinar(key)
        project.meltano(*RUN)
    rows = database.query(CANCELLED.replace("gotowebinar.", "gotowebinar_sandbox."))
    assert [row[0] for row in rows] == [key]
