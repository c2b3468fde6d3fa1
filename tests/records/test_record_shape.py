"""Every record of a stream has the same fields in the same order."""

from typing import Any, Final

from tap_gotowebinar.records.shape import RecordShape

TEXT: Final[dict[str, Any]] = {"type": ["string", "null"]}
SCHEMA: Final[dict[str, Any]] = {
    "properties": {
        "key": TEXT,
        "answers": {"items": TEXT},
        "times": {"items": {"properties": {"start": TEXT, "end": TEXT}}},
        "replyTo": {"properties": {"name": TEXT, "email": TEXT}},
    }
}


def test_what_was_not_sent_is_null_and_the_order_is_that_of_the_schema() -> None:
    (filled,) = RecordShape(SCHEMA).fill([{"replyTo": None, "key": "1"}])
    assert list(filled.items()) == [("key", "1"), ("answers", None), ("times", None), ("replyTo", None)]


def test_objects_inside_a_record_and_items_of_arrays_get_all_their_fields() -> None:
    record = {"key": "1", "answers": ["a"], "times": [{"end": "b"}, {}], "replyTo": {"email": "ada@example.com"}}
    assert RecordShape(SCHEMA).fill([record]) == [
        {
            "key": "1",
            "answers": ["a"],
            "times": [{"start": None, "end": "b"}, {"start": None, "end": None}],
            "replyTo": {"name": None, "email": "ada@example.com"},
        }
    ]


def test_what_the_schema_does_not_declare_is_left_out_at_any_depth() -> None:
    assert RecordShape({"properties": {"replyTo": {"properties": {"name": TEXT}}}}).fill(
        [{"key": "1", "replyTo": {"name": "Ada", "email": "ada@example.com"}}]
    ) == [{"replyTo": {"name": "Ada"}}]


def test_a_null_object_can_be_made_one_of_nulls() -> None:
    shape = RecordShape(SCHEMA, expands_nulls=True)
    empty = {"key": None, "answers": None, "times": None, "replyTo": {"name": None, "email": None}}
    assert shape.fill([{}, {"replyTo": {}}, {"replyTo": None}]) == [empty] * 3


def test_keys_replace_nulls_and_what_was_not_sent() -> None:
    records: list[dict[str, Any]] = [{}, {"key": None}, {"key": "1"}]
    assert [filled["key"] for filled in RecordShape(SCHEMA).fill(records, {"key": "2"})] == ["2", "2", "1"]
    assert "other" not in RecordShape(SCHEMA).fill([{}], {"other": "2"})[0]


def test_the_record_that_was_given_stays_as_it_was() -> None:
    record: dict[str, Any] = {"times": [{}], "replyTo": {}}
    RecordShape(SCHEMA, expands_nulls=True).fill([record])
    assert record == {"times": [{}], "replyTo": {}}
