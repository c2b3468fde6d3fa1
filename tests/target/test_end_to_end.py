"""`meltano run` registers the rows of a table, and the next run only those that came since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.leads import write_leads
from demo.postgres import Postgres
from demo.project import MeltanoError, temporary_project

if TYPE_CHECKING:
    from gotowebinar_sandbox import Sandbox

RUN = ("run", "tap-leads", "target-gotowebinar")


def test_a_table_is_registered_once_and_a_rejection_fails_the_run(sandbox: Sandbox) -> None:
    webinar = sandbox.control.add_webinar()

    def registered() -> list[str]:
        return [row["email"] for row in sandbox.control.truth()["registrants"] if row["webinarKey"] == webinar]

    with Postgres() as database, temporary_project(sandbox.settings, database) as project:
        write_leads(
            database, webinar, [("ada@example.com", "Ada", "Berg", None), ("zoe@example.com", "Zoë", "Park", None)]
        )
        project.meltano(*RUN)
        assert registered() == ["ada@example.com", "zoe@example.com"]
        sandbox.control.reset_calls()
        write_leads(database, webinar, [("grace@example.com", "Grace", "Moe", None), ("nobody", "No", "Body", None)])
        with pytest.raises(MeltanoError, match="rejected: 1, for the reasons above"):
            project.meltano(*RUN)
    assert registered() == ["ada@example.com", "zoe@example.com", "grace@example.com"]
    assert [call["method"] for call in sandbox.control.calls() if "registrants" in call["path"]] == ["POST"]
