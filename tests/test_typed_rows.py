"""The fast ways, of reading lists and of writing records, bring what the general ways bring."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk import Stream

from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.reader import RecordReader
from tap_gotowebinar.records.schemas import SCHEMAS
from tests.runs import FAST, run_here

if TYPE_CHECKING:
    from gotowebinar_sandbox import Sandbox

FIELDS = ("firstName", "lastName", "email", "status", "timeZone", "joinUrl")
TEXTS = st.none() | st.text(max_size=8)
DATES = st.none() | st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}") | st.text(max_size=8)
DATES |= st.integers(10**10, 10**14).map(str)
ROWS = st.fixed_dictionaries(
    {"registrantKey": st.integers(0, 2**64)},
    optional={**dict.fromkeys(FIELDS, TEXTS), "registrationDate": DATES, "unheardOf": TEXTS},
)


def reader(tally: StreamStats) -> RecordReader:
    return RecordReader(SCHEMAS.get_schema("registrants"), ("registrantKey",), tally, lambda _names: None)


@settings(deadline=None)
@given(st.lists(ROWS, max_size=4))
def test_rows_decoded_into_their_shape_are_those_decoded_in_general(rows: list[dict[str, Any]]) -> None:
    typed, general = StreamStats(), StreamStats()
    fast, slow = reader(typed), reader(general)
    try:
        decoded = fast.decode_rows(json.dumps(rows).encode())
    except ValueError:
        return
    assert fast.read_all(decoded) == slow.read_all(rows)
    assert typed.unusable == general.unusable


@pytest.mark.parametrize(
    "content",
    [
        b'[{"registrantKey": 1, "unheardOf": "x"}]',
        b'[{"registrantKey": "1"}]',
        b'[{"registrantKey": -1}]',
        b'[{"registrantKey": 9223372036854775808}]',
        b'[{"registrantKey": 1, "email": 5}]',
        b'[{"registrantKey": 1, "email": "a\\u0000b"}]',
        b'[{"registrantKey": 1, "webinarKey": "5"}]',
        b'[{"email": "ada@example.com"}]',
        b'{"data": [], "total": 0}',
        b"[",
        b"\xff",
    ],
)
def test_whatever_is_not_of_the_shape_goes_the_general_way(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any, as `Transport` takes it
        reader(StreamStats()).decode_rows(content)


def test_the_rows_of_the_wire_are_of_the_shape() -> None:
    fast = reader(StreamStats())
    row = b'{"registrantKey": 6620917735508841992, "registrationDate": "2026-02-20T08:15:30Z"}'
    assert fast.read_all(fast.decode_rows(b"[" + row + b"]")) == [
        {"registrantKey": "6620917735508841992", "registrationDate": "2026-02-20T08:15:30.000000Z"}
    ]


def test_records_are_the_same_whether_or_not_they_are_mapped(sandbox: Sandbox) -> None:
    config = {**sandbox.settings, **FAST}
    direct = run_here(config)
    mapped = run_here({**config, "stream_maps": {"registrants": {"email": "email"}}})
    assert direct.records("registrants")
    assert mapped.records("registrants") == direct.records("registrants")
    for one, other in zip(direct.of_type("RECORD"), mapped.of_type("RECORD"), strict=True):
        assert one.keys() == other.keys()
        assert one["time_extracted"][-1] == "Z"


def test_the_sdk_still_writes_records_where_the_shortcut_is_taken() -> None:
    assert list(inspect.signature(Stream._write_record_message).parameters) == ["self", "record"]
