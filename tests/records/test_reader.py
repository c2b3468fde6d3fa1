"""Whatever GoTo sends, what comes out fits the schema, and nothing that comes in is said aloud."""

import copy
import datetime as dt
import functools
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_gotowebinar.api.errors import InvalidRowError
from tap_gotowebinar.api.responses import is_key
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.reader import RecordReader
from tap_gotowebinar.records.timestamps import canonical_time
from tests.schema_files import CANONICAL, FORMATS
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS

KEYS = {
    "organizers": "organizerKey",
    "webinars": "webinarKey",
    "webinar_details": "webinarKey",
    "sessions": "sessionKey",
    "session_performance": "sessionKey",
    "questions": "questionKey",
}

HUGE = pytest.param(10**5000, id="huge")
LONG = pytest.param("9" * 5000, id="long")


class Reading:
    """A reader of one stream and what it told of the rows it read."""

    def __init__(self, stream: str) -> None:
        self.stats = StreamStats()
        key = KEYS.get(stream, "registrantKey")
        self.reader = RecordReader(SCHEMAS[stream], (key,), self.stats)
        self.row: dict[str, Any] = {key: 1}

    def record(self, **fields: object) -> dict[str, Any]:
        return self.reader.read({**self.row, **fields})


@pytest.fixture
def registrants() -> Reading:
    return Reading("registrants")


@pytest.fixture
def details() -> Reading:
    return Reading("registrant_details")


@pytest.fixture
def webinars() -> Reading:
    return Reading("webinars")


# Keys


@pytest.mark.parametrize("wire", [6620917735508841992, "6620917735508841992"])
def test_a_key_comes_out_as_text_whatever_it_came_as(registrants: Reading, wire: object) -> None:
    assert registrants.reader.read({"registrantKey": wire}) == {"registrantKey": "6620917735508841992"}


@pytest.mark.parametrize(
    "key", [None, "", " ", "abc", "../../admin", -5, True, 6.62e18, "١٢٣", 2**64, HUGE, [], {}, "1 2", "1\n"]
)
def test_a_row_without_a_usable_key_is_refused(registrants: Reading, key: object) -> None:
    with pytest.raises(InvalidRowError, match=r"^no usable registrantKey$"):
        registrants.reader.read({"registrantKey": key, "email": "ada@example.com"})


def test_a_row_without_the_key_field_is_refused(registrants: Reading) -> None:
    with pytest.raises(InvalidRowError, match="no usable registrantKey"):
        registrants.reader.read({"email": "ada@example.com"})


@pytest.mark.parametrize("row", [None, 5, "text", [1], True])
def test_a_row_that_is_no_object_is_refused(registrants: Reading, row: object) -> None:
    with pytest.raises(InvalidRowError, match=r"^no fields: it is not an object$"):
        registrants.reader.read(row)


def test_the_largest_key_there_can_be_is_a_key() -> None:
    assert is_key("18446744073709551615")
    assert not is_key("18446744073709551616")


@pytest.mark.parametrize("wire", [None, "7", 7, "abc"])
def test_the_keys_of_the_parent_are_left_to_the_parent(registrants: Reading, wire: object) -> None:
    assert registrants.record(webinarKey=wire) == {"registrantKey": "1"}
    assert not registrants.stats.unusable


# Text, whole numbers, booleans

USABLE: dict[tuple[str, str], list[tuple[Any, Any]]] = {
    ("registrants", "firstName"): [
        *(("Zoë", "Zoë"), ("", ""), ("A\x00da", "Ada"), ("A\ud800da", "A?da"), ("Ü\x00\udfff", "Ü?")),
        *((12, "12"), (2**70, "1180591620717411303424"), (1.5, "1.5"), (True, "true"), (False, "false")),
        ("2026-02-20T08:15:30Z", "2026-02-20T08:15:30Z"),
    ],
    ("webinar_details", "numberOfRegistrants"): [
        *((0, 0), ("42", 42), (" 42 ", 42), ("-7", -7), (3.0, 3), (2**63 - 1, 2**63 - 1)),
    ],
    ("webinar_details", "inSession"): [(True, True), ("TRUE", True), ("false", False)],
}
"""What GoTo may send for a field, and what comes out."""

UNUSABLE: dict[tuple[str, str], list[Any]] = {
    ("registrants", "firstName"): [{}, [], {"a": 1}, ["Ada"], float("nan"), float("inf"), 10**5000],
    ("webinar_details", "numberOfRegistrants"): [
        *(True, "", "4 2", "--5", "1e3", "٤٢", 1.5, 2**63, "9" * 5000, float("nan"), float("inf"), 1e300, [1], {}),
    ],
    ("sessions", "totalPollCount"): [1.5, True],
    ("webinar_details", "inSession"): [0, 1, "yes", "", [], {}, 1.0],
}


@pytest.mark.parametrize(("stream", "field"), USABLE)
def test_a_value_comes_out_in_the_declared_type(stream: str, field: str) -> None:
    reading = Reading(stream)
    for wire, expected in USABLE[stream, field]:
        value = reading.record(**{field: wire})[field]
        assert (value, type(value)) == (expected, type(expected))
    assert not reading.stats.unusable


@pytest.mark.parametrize(("stream", "field"), UNUSABLE)
def test_a_value_of_another_type_becomes_null_and_is_counted(stream: str, field: str) -> None:
    reading = Reading(stream)
    for number, wire in enumerate(UNUSABLE[stream, field], start=1):
        assert reading.record(**{field: wire})[field] is None
        assert reading.stats.unusable == {field: number}


def test_null_is_null_and_absent_is_absent(registrants: Reading) -> None:
    assert registrants.record(firstName=None) == {"registrantKey": "1", "firstName": None}
    assert not registrants.stats.unusable


def test_an_array_that_is_null_is_null(details: Reading) -> None:
    assert details.record(responses=None) == {"registrantKey": "1", "responses": None}
    assert not details.stats.unusable


def test_a_key_that_is_text_may_be_any_text_but_none(registrants: Reading) -> None:
    reader = RecordReader(ALIKE, ("key",), registrants.stats, text_keys=frozenset({"key"}))
    assert reader.read({"key": "a b"}) == {"key": "a b"}
    with pytest.raises(InvalidRowError, match="no usable key"):
        reader.read({"key": ""})


NUMBERS: dict[str, Any] = {"properties": {"key": {"type": "string"}, "share": {"type": ["number", "null"]}}}


@pytest.mark.parametrize(
    ("wire", "number"),
    [
        (64.3, 64.3),
        (64, 64),
        ("64.3", 64.3),
        (True, None),
        ("", None),
        ("many", None),
        ("nan", None),
        (float("nan"), None),
        (float("-inf"), None),
        (10**400, None),
        ([], None),
    ],
)
def test_numbers_are_finite_or_null(wire: object, number: float | None) -> None:
    stats = StreamStats()
    record = RecordReader(NUMBERS, ("key",), stats).read({"key": "1", "share": wire})
    assert record == {"key": "1", "share": number}
    assert stats.unusable == ({"share": 1} if number is None else {})


# Objects and arrays


def test_items_of_an_array_are_read_like_rows_and_unusable_ones_are_left_out(webinars: Reading) -> None:
    times = [{"startTime": "2026-03-13T10:00:00Z", "endTime": None}, None, "text", {"startTime": "soon"}]
    assert webinars.record(times=times)["times"] == [
        {"startTime": "2026-03-13T10:00:00.000000Z", "endTime": None},
        {"startTime": None},
    ]
    assert webinars.stats.unusable == {"times[]": 2, "times[].startTime": 1}


@pytest.mark.parametrize("wire", [{}, "text", 1, {"startTime": "2026-03-13T10:00:00Z"}])
def test_what_is_no_array_becomes_null(webinars: Reading, wire: object) -> None:
    assert webinars.record(times=wire)["times"] is None
    assert webinars.stats.unusable == {"times": 1}


def test_a_field_the_schema_does_not_declare_is_left_out_and_named(details: Reading) -> None:
    record = details.record(shoeSize=43, responses=[{"question": "Why?", "score": 1}])
    assert record == {"registrantKey": "1", "responses": [{"question": "Why?"}]}
    assert details.stats.unknown == {"shoeSize", "responses[].score"}


@pytest.mark.parametrize("name", ["webinarId", "webinarID"])
def test_both_spellings_of_the_webinar_id_come_out_as_one(webinars: Reading, name: str) -> None:
    record = webinars.record(**{name: "512004871", "subject": "Roses"})
    # In this order: the hashes in the states of earlier releases depend on it inside objects.
    assert list(record.items()) == [("webinarKey", "1"), ("webinarID", "512004871"), ("subject", "Roses")]


@pytest.mark.parametrize("empty", [None, {"no": "text"}])
def test_of_two_spellings_the_usable_value_wins(webinars: Reading, empty: object) -> None:
    both = {"webinarId": "512004871", "webinarID": empty}
    for fields in (both, dict(reversed(both.items()))):
        record = webinars.record(**fields, subject="Roses")
        assert list(record.items()) == [("webinarKey", "1"), ("webinarID", "512004871"), ("subject", "Roses")]


def test_an_array_nested_deeper_than_any_stack_does_no_harm(details: Reading) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    record = details.record(firstName=deep, responses=deep, unheard_of=deep)
    assert record == {"registrantKey": "1", "firstName": None, "responses": []}
    while deep:
        deep = deep.pop()  # a list this deep cannot be freed at once either


# Times


@pytest.mark.parametrize(
    ("wire", "canonical"),
    [
        ("2026-02-20T08:15:30Z", "2026-02-20T08:15:30.000000Z"),
        ("2026-02-20T08:15:30.12Z", "2026-02-20T08:15:30.120000Z"),
        ("2026-02-20T08:15:30.123456789Z", "2026-02-20T08:15:30.123456Z"),
        ("2026-02-20T08:15:30+02:00", "2026-02-20T06:15:30.000000Z"),
        ("2026-02-20T08:15:30-0530", "2026-02-20T13:45:30.000000Z"),
        ("2026-02-20T08:15:30", "2026-02-20T08:15:30.000000Z"),
        ("2026-02-20", "2026-02-20T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        (1771575330120, "2026-02-20T08:15:30.120000Z"),
        (1771575330120.0, "2026-02-20T08:15:30.120000Z"),
        ("1771575330120", "2026-02-20T08:15:30.120000Z"),
        ("1601051000000", "2020-09-25T16:23:20.000000Z"),
        (100_000_000_000, "1973-03-03T09:46:40.000000Z"),
        ("20260220", "2026-02-20T00:00:00.000000Z"),
    ],
)
def test_a_time_comes_out_in_one_form(wire: object, canonical: str) -> None:
    assert canonical_time(wire) == canonical


@pytest.mark.parametrize(
    "wire",
    [
        *("", "soon", "2026-13-01", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
        *("\ud800", LONG, HUGE, None, 1771575330, True, [], {}, float("nan"), float("inf"), "٣٣٣٣٣٣٣٣٣٣٣٣"),
        *(99_999_999_999, 10**13, "10000000000000", -1771575330120, 6620917735508841992),
    ],
)
def test_what_is_no_time_is_none(wire: object) -> None:
    assert canonical_time(wire) is None


AWARE = st.datetimes(timezones=st.timezones() | st.just(dt.UTC))


@given(AWARE, AWARE)
def test_the_text_order_of_times_is_their_order(one: dt.datetime, other: dt.datetime) -> None:
    texts = canonical_time(one.isoformat()), canonical_time(other.isoformat())
    if None not in texts:
        instants = one.astimezone(dt.UTC), other.astimezone(dt.UTC)
        assert (texts[0] < texts[1]) == (instants[0] < instants[1])  # type: ignore[operator]
        assert (texts[0] == texts[1]) == (instants[0] == instants[1])


@given(AWARE.map(dt.datetime.isoformat) | st.text())
def test_a_canonical_time_is_its_own_canonical_form(text: str) -> None:
    canonical = canonical_time(text)
    assert canonical is None or (CANONICAL.fullmatch(canonical) and canonical_time(canonical) == canonical)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("2026-03-13T10:24:00Z", "2026-03-13T10:24:00.000000Z"),
        ("in the evening", "in the evening"),
        ("7300418862951407109", "7300418862951407109"),
        (7300418862951407109, "7300418862951407109"),
        ("200012345678", "200012345678"),
        (None, None),
    ],
)
def test_an_answer_time_that_is_no_time_stays_as_goto_writes_it(wire: object, value: str | None) -> None:
    reading = Reading("questions")
    assert reading.record(answers=[{"answerTime": wire}])["answers"] == [{"answerTime": value}]
    assert not reading.stats.unusable


@pytest.mark.parametrize(
    ("wire", "count"), [(1.0, 1), (1, 1), (1.5, 1.5), ("2", 2), (1e300, 1e300), (2.0**63, 2.0**63)]
)
def test_a_count_may_have_a_fraction_and_is_a_whole_number_without_one(wire: object, count: float) -> None:
    record = Reading("session_performance").record(pollsAndSurveys={"surveyCount": wire})
    value = record["pollsAndSurveys"]["surveyCount"]
    assert (value, type(value)) == (count, type(count))


# Anything at all

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, 2**64, -(2**63), 10**400, 10**4000])
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["\x00", "\ud800", "2026-02-20T08:15:30Z", "true", "-1", "--1", "9" * 5000, "nan"])
)


@functools.cache
def any_row(stream: str) -> st.SearchStrategy[Any]:
    """Return rows with known and unknown fields, and what is no row."""
    names = st.sampled_from(fields_of(SCHEMAS[stream]))
    anything = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(names, anything) | anything


def fields_of(schema: dict[str, Any]) -> list[str]:
    names = [*schema["properties"], "webinarId", "unheard of"]
    for declared in schema["properties"].values():
        names += declared.get("items", {}).get("properties", {})
    return names


@pytest.mark.parametrize("stream", sorted(SCHEMAS))
@hypothesis.settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_comes_in_a_record_comes_out_that_fits_the_schema(stream: str, data: st.DataObject) -> None:
    reading = Reading(stream)
    row = data.draw(any_row(stream))
    if isinstance(row, dict) and data.draw(st.booleans()):
        row = {**row, **reading.row}
    try:
        record = reading.reader.read(row)
    except InvalidRowError as error:
        assert str(error).startswith("no ")  # noqa: PT017 - either outcome is checked
        return
    Draft202012Validator(SCHEMAS[stream], format_checker=FORMATS).validate(record)
    # The line on standard output says the same, and text that no database takes is not in it.
    line = msgspec.json.encode(record)
    assert msgspec.json.decode(line) == record
    assert b"\\u0000" not in line


ALIKE: dict[str, Any] = {
    "properties": {
        "key": {"type": "string"},
        "number": {"type": ["integer", "null"]},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "inside": {"type": ["object", "null"], "properties": {"is": {"type": ["boolean", "null"]}}},
    }
}
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, "2", "no", "2026-02-20T08:15:30Z", [], {}, {"is": True}, {"is": 5}, {"it": "is"}]
)


@given(rows=st.lists(st.dictionaries(st.sampled_from(["key", "number", "at", "inside", "other"]), VALUES), max_size=5))
def test_rows_come_out_of_a_list_as_each_of_them_does_alone(rows: list[dict[str, Any]]) -> None:
    together, alone = StreamStats(), StreamStats()
    apart = [RecordReader(ALIKE, (), alone).read(row) for row in copy.deepcopy(rows)]
    assert RecordReader(ALIKE, (), together).read_all(rows) == apart
    assert together == alone


def test_an_unusable_value_costs_no_other_row_its_own(registrants: Reading) -> None:
    names = ["Ada", {}, "Eva", []]
    rows = [{"registrantKey": number, "firstName": name} for number, name in enumerate(names)]
    records: list[Any] = registrants.reader.read_all(rows)
    assert [record["firstName"] for record in records] == ["Ada", None, "Eva", None]
    assert registrants.stats.unusable == {"firstName": 2}
