"""Any input of the target: each record gets its one outcome, or a line names the line from which on none does."""

import json
import re
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.complaints import assert_clean
from tests.fuzz.conftest import ProcessHarness, share
from tests.fuzz.strategies import bent
from tests.target.registering import ADA, GRACE, Message, RunResult, lines, person, record, schema, state

TOWN: Final = "Plantedville"
SECRETS: Final = (TOWN, ADA["email"], GRACE["email"], "Grace")

BATCH: Final[Message] = {"type": "BATCH", "stream": "people", "encoding": {"format": "jsonl"}, "manifest": []}

MESSAGES: Final[list[Message]] = [
    {**schema(), "key_properties": ["email"]},
    record(ADA, city=TOWN),
    state({"bookmarks": {"people": 1}}),
    schema(stream="staff"),
    record(person(1), stream="staff", responses=[{"questionKey": 1, "responseText": TOWN}]),
    {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1},
    record(GRACE, city=TOWN, webinarKey="1"),
    state({"bookmarks": {"people": 2}}),
    record(person(2), time_extracted="2026-03-10T12:00:00Z", version=1),
    record(ADA, _sdc_deleted_at="2026-03-10T12:00:00Z"),
    state({"bookmarks": {"people": 3}}),
]

NAMES: Final = ["", "x\n2026-03-10 | y", "\ud800", "x" * 5000, "%s%d", "__else__", "../x"]
"""Of streams."""

KEYS: Final[list[Any]] = [None, "email", 7, [7], [["email"]], [{}], {"email": 1}, [None], True, ["\ud800"], [""]]

PROPERTIES: Final[list[Any]] = [
    {},
    {"email": {}},
    {"email": True},
    {"email": None},
    {"email": 7},
    {"email": {"type": 7}},
    {"email": {"type": ["string", {}]}},
    {"email": {"$ref": "#/properties/email"}},
    {"email": {"type": "integer", "format": "date-time"}, "": {"anyOf": 7}},
    {"_sdc_deleted_at": {}, "\ud800": {}, "x\ny": {}},
]


def odd_schemas() -> st.SearchStrategy[Message]:
    """Return SCHEMA messages whose fields and keys nobody can make sense of."""
    return st.builds(
        lambda properties, keys, more: {
            "type": "SCHEMA",
            "stream": "people",
            "schema": {"properties": properties, **more},
            "key_properties": keys,
        },
        st.sampled_from(PROPERTIES),
        st.sampled_from([[], *KEYS]),
        st.sampled_from([{}, {"type": 7}, {"$ref": "#"}, {"required": 7}, {"patternProperties": {"(": {}}}]),
    )


def sequences() -> st.SearchStrategy[list[Message]]:
    """Return the messages as they should be, and in another order, doubled, left out, renamed, or with odd ones."""
    odd = st.just(BATCH) | odd_schemas() | st.sampled_from(MESSAGES)
    in_order = st.tuples(st.lists(st.booleans(), min_size=len(MESSAGES), max_size=len(MESSAGES)), st.none() | odd).map(
        lambda drawn: [
            *([drawn[1]] if drawn[1] else []),
            *(m for m, is_in in zip(MESSAGES, drawn[0], strict=True) if is_in),
        ]
    )
    inserted = st.tuples(st.integers(0, len(MESSAGES)), odd).map(
        lambda drawn: [*MESSAGES[: drawn[0]], drawn[1], *MESSAGES[drawn[0] :]]
    )
    renamed = st.tuples(st.sampled_from(NAMES), st.booleans()).map(
        lambda drawn: [
            {**message, "stream": drawn[0]} if message["type"] == "SCHEMA" or drawn[1] else message
            for message in MESSAGES
        ]
    )
    return st.just(MESSAGES) | st.permutations(MESSAGES) | in_order | inserted | renamed


@st.composite
def inputs(draw: st.DrawFn) -> bytes:
    """Return what comes in: messages, some of them bent, in lines that end in one way or another."""
    messages = draw(sequences())
    struck = draw(st.sets(st.integers(0, max(0, len(messages) - 1)), max_size=2))
    written = [
        draw(bent(message)) if number in struck else json.dumps(message).encode()
        for number, message in enumerate(messages)
    ]
    ending = draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b"\n \t\n", b"\r"]))
    start = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\n\n", b"\x00", b"\xff\xfe"]))
    end = draw(st.sampled_from([b"", b"\n", ending, b"\x1a"]))
    return start + ending.join(written) + end


def written(*messages: Message) -> bytes:
    return lines(messages).encode()


def assert_answered_for(done: RunResult, content: bytes, harness: ProcessHarness) -> None:
    """Each record before the line at which the run ended has a row; who is registered is as in the record."""
    ends = [match for line in done.error_lines if (match := re.match(r"line (\d+) of the input ", line))]
    others = [line for line in done.error_lines if not line.startswith(("line ", "rejected: "))]
    assert not others
    whole = content.split(b"\n")
    taken = [json.loads(line) for line in whole[: int(ends[0][1]) - 1 if ends else None] if line.strip()]
    records = [message["record"] for message in taken if message["type"] == "RECORD"]
    assert len(done.rows) == len(records)
    came = [message["value"] for message in taken if message["type"] == "STATE"]
    assert_in_order(done.states, came)
    sent = {tuple(_as_sent(each.get(name)) for name in ADA) for each in records}
    assert {tuple(row[name] for name in ADA) for row in harness.registered()} <= sent
    if not ends and came:
        assert same(done.states[-1], came[-1])


def assert_in_order(states: list[Any], came: list[Any]) -> None:
    """What was passed on came in, in this order."""
    rest = iter(came)
    for passed_on in states:
        assert any(same(passed_on, value) for value in rest)


def same(one: object, other: object) -> bool:
    # As text: NaN is not itself.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _as_sent(value: object) -> str:
    return str(value).strip()


def test_any_input_is_answered_for_up_to_the_line_that_is_named(harness: ProcessHarness) -> None:
    @share()
    @given(content=inputs())
    @example(content=written({**schema(), "key_properties": 7}, record(ADA)))
    @example(content=written({**schema(), "key_properties": [7]}, record(ADA)))
    @example(content=written(schema(), record(ADA), record(GRACE, stream="staff")))
    @example(content=written(schema(stream="x\n2026-03-10 | y"), record(ADA, stream="x\n2026-03-10 | y")))
    def check(content: bytes) -> None:
        harness.clear()
        done = harness.run_process(content)
        assert_clean(done, *SECRETS)
        assert_answered_for(done, content, harness)

    check()


def test_any_input_is_answered_for_when_stream_maps_change_it(harness: ProcessHarness) -> None:
    maps = {"people": {"city": "city.title()", "firstName": "firstName", "__key_properties__": ["email"]}}

    @share(3)
    @given(content=inputs())
    def check(content: bytes) -> None:
        harness.clear()
        done = harness.run_process(content, stream_maps=maps, on_rejection="continue", strict_fields=True)
        assert_clean(done, *SECRETS)

    check()


MEGABYTES: Final = "x" * 10_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "odd",
    [
        record({**ADA, "email": f"{MEGABYTES}@example.com"}),
        record(ADA, city=MEGABYTES),
        record(ADA, webinarKey="1" * 4000),
        record({**ADA, MEGABYTES: 1}),
        record({f"field {number}": number for number in range(50_000)}),
        record(ADA, responses=[[]] * 100_000),
        record(ADA, stream=MEGABYTES),
        state(MEGABYTES),
        schema(MEGABYTES),
        schema(stream=MEGABYTES),
        {**schema(), "key_properties": [MEGABYTES]},
    ],
    ids=lambda message: f"{message['type']} {[*message][-1]}",
)
def test_megabytes_are_answered_for_like_anything_else(harness: ProcessHarness, odd: Message) -> None:
    harness.clear()
    content = written(schema(), record(GRACE), odd, record(ADA), state(1))
    done = harness.run_process(content)
    assert_clean(done, *SECRETS)
    assert_answered_for(done, content, harness)
