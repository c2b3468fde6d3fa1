"""Keys that the tap makes: the same whatever the order, different for what is different."""

import itertools
from typing import Any

from tap_gotowebinar.records.surrogate_keys import add_surrogate_keys

Row = dict[str, Any]


def poll(question: str, *choices: str, answered: int = 0) -> Row:
    responses = [{"text": choice, "percentage": float(answered)} for choice in choices]
    return {"question": question, "numberOfResponses": answered, "responses": responses}


def keyed(rows: list[Row]) -> dict[str, Row]:
    found = {row.pop("pollKey"): row for row in add_surrogate_keys(rows, "pollKey", "question")}
    assert len(found) == len(rows)
    return found


def test_the_order_of_an_answer_does_not_matter() -> None:
    rows = [poll("A", "yes", "no"), poll("A", "red", "blue"), poll("B", "yes"), poll("A", "yes", "no", answered=3)]
    assert all(keyed(rows) == keyed(list(order)) for order in itertools.permutations(rows))


def test_the_rows_keep_the_order_in_which_they_came() -> None:
    rows = [poll("B", "yes"), poll("A", "red", "blue"), poll("A", "yes", "no")]
    assert [row["question"] for row in add_surrogate_keys(rows, "pollKey", "question")] == ["B", "A", "A"]


def test_results_that_come_in_late_change_no_key() -> None:
    before = keyed([poll("A", "yes", "no"), poll("A", "red", "blue")])
    after = keyed([poll("A", "red", "blue", answered=9), poll("A", "yes", "no", answered=50)])
    texts = {key: row["responses"][0]["text"] for key, row in before.items()}
    assert {key: row["responses"][0]["text"] for key, row in after.items()} == texts


def test_equal_rows_are_all_there() -> None:
    assert len(keyed([poll("A", "yes")] * 3)) == 3


def test_the_same_question_has_the_same_key_wherever_it_is_asked() -> None:
    (one,), (other,) = keyed([poll("A", "yes")]), keyed([poll("A", "no", answered=4)])
    assert one == other


def test_keys_are_those_of_earlier_releases() -> None:
    (key,) = keyed([poll("Ready?", "yes")])
    assert key == "76b8d27b30d84d7848742545cf189fe5"
