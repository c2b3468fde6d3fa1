"""The questions in SQL on the pages about answers and tasks are those that a database answers, and truly."""

from typing import Any

import psycopg
import pytest

from demo.postgres import Postgres
from gotowebinar_sandbox import Sandbox
from tests.answers.building import MARTS, on_postgres
from tests.answers.conftest import RAW
from tests.answers.truth import Truth
from tests.pages import DOCS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BLOCKS = [
    block.text
    for page in ("answers", "tasks")
    for block in DOCS[page].of_language("sql")
    if "webinar_removals" not in block.text
]
"""But for the one that needs two runs; `tests/docs/test_tasks.py` has it."""
Answer = list[dict[str, Any]]


@pytest.fixture(scope="module")
def asked(loaded: Postgres, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    on_postgres(tmp_path_factory.mktemp("docs"), loaded).dbt("run", source=RAW)
    return [ask(loaded, block) for block in BLOCKS]


def ask(database: Postgres, statement: str) -> Answer:
    named = statement.replace("gotowebinar_marts.", f"{MARTS}.").replace("gotowebinar.", f"{RAW}.")
    with psycopg.connect(database.dsn) as connection:
        cursor = connection.execute(named.encode())
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def answer_to(asked: list[Answer], words: str) -> Answer:
    (answer,) = [answer for block, answer in zip(BLOCKS, asked, strict=True) if words in block]
    return answer


def test_every_question_has_an_answer_whose_rows_can_be_told_apart(asked: list[Answer]) -> None:
    assert [block for block, answer in zip(BLOCKS, asked, strict=True) if not answer] == []
    for answer in asked:
        assert len({str(row) for row in answer}) == len(answer)


def test_answers_are_true(world: Sandbox, asked: list[Answer]) -> None:
    truth = Truth()
    truth.look(world.control)
    people = list(truth.people())
    assert sum(row["registrations"] for row in answer_to(asked, "group by days_ahead")) == len(people)
    again = {email for email, (_, came) in truth.regulars().items() if came > 1}
    assert {row["email"] for row in answer_to(asked, "where comes_again")} == again
    answer = answer_to(asked, "gotowebinar_marts.gotowebinar__sources")
    held = {key for key, row in truth.figures().items() if row["state"] == "held"}
    expected = [row for row in people if row["expected"] and row["webinarKey"] in held]
    assert sum(row["expected"] for row in answer) == len(expected)
    assert sum(row["came"] for row in answer) == sum(row["seconds"] > 0 for row in expected)
    unanswered = [row for row in truth.questions if not row.get("answers")]
    assert len(answer_to(asked, "where not is_answered")) == len(unanswered)
    upcoming = {key for key, row in truth.figures().items() if row["state"] == "upcoming"}
    assert len(answer_to(asked, "where state = 'upcoming'")) == len(upcoming)
    assert sum(row["registrations"] for row in answer_to(asked, "as day,")) == len(truth.registrants)
    missed = answer_to(asked, "not exists (\n        select from gotowebinar.attendees")
    assert len(missed) == sum(row["no_shows"] or 0 for row in truth.figures().values())
    days = answer_to(asked, "as local_day")
    assert len(days) == sum(len(row["times"]) for row in truth.webinars.values())
