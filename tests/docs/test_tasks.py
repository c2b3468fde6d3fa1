"""What the page of tasks tells somebody to do has the effect that it names."""

import subprocess

import pytest

from demo.postgres import Postgres
from demo.project import temporary_project
from gotowebinar_sandbox import Sandbox
from tests.pages import DOCS
from tests.runs import FAST

MELTANO = [block.text for block in DOCS["tasks"].of_language("sh") if "_select" in block.text or "select" in block.text]


@pytest.mark.external
@pytest.mark.slow
def test_one_stream_is_selected_with_meltano_and_then_all_are_again(sandbox: Sandbox, database: Postgres) -> None:
    one, everything = MELTANO[:2]
    with temporary_project({**sandbox.settings, **FAST}, database) as project:
        before = (project.folder / "meltano.yml").read_text(encoding="utf-8")
        for script in (one, everything):
            subprocess.run(["/bin/sh", "-ec", script], cwd=project.folder, env=project.variables, check=True)
            if script is one:
                project.meltano("run", "tap-gotowebinar", "target-postgres")
        after = (project.folder / "meltano.yml").read_text(encoding="utf-8")
    tables = database.query("select table_name from information_schema.tables where table_schema like 'gotowebinar%'")
    assert tables == [("registrants",)]
    for pattern in ("*.*", "!attendee_polls.*", "!attendee_surveys.*"):
        assert pattern in before
        assert pattern in after
