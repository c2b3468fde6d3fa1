"""`meltano run` registers the rows of a table, and the next run only those that came since."""

import pytest

from demo.project import MeltanoError
from demo.sample_leads import write_leads
from gotowebinar_sandbox import Sandbox
from tests.meltano.loading import Loading

RUN = ("run", "tap-leads", "target-gotowebinar")


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.timeout(300)
def test_a_table_is_registered_once_and_a_rejection_fails_the_run(sandbox: Sandbox, loaded: Loading) -> None:
    webinar, project = sandbox.control.add_webinar(), loaded.project_of(sandbox)

    def registered() -> list[str]:
        return [
            row["email"] for row in sandbox.control.expected_records()["registrants"] if row["webinarKey"] == webinar
        ]

    people = [("ada@example.com", "Ada", "Berg", None), ("zoe@example.com", "Zoë", "Park", None)]
    write_leads(loaded.database, webinar, people)
    project.meltano(*RUN)
    assert registered() == ["ada@example.com", "zoe@example.com"]
    sandbox.control.reset_calls()
    people = [("grace@example.com", "Grace", "Moe", None), ("nobody", "No", "Body", None)]
    write_leads(loaded.database, webinar, people)
    with pytest.raises(
        MeltanoError, match="rejected: 1, because of: email is not an e-mail address; correct the records"
    ):
        project.meltano(*RUN)
    assert registered() == ["ada@example.com", "zoe@example.com", "grace@example.com"]
    assert [call["method"] for call in sandbox.control.calls() if "registrants" in call["path"]] == ["POST"]
