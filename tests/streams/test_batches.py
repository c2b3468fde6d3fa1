"""A list that is written as a batch has the same lines as one that the SDK writes row by row."""

import re
from collections.abc import Callable
from typing import Any, Final

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Fault, Sandbox
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS
from tests.selection import selecting

VALUES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(st.characters())
    | st.just("2026-02-20T08:15:30Z"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["startTime", "name"]), inner),
    max_leaves=4,
)
LISTS: Final = {"registrants": ("registrantKey", "/registrants$"), "panelists": ("panelistId", "/panelists$")}


def lines(sandbox: Sandbox, stream: str, **settings: object) -> tuple[int, list[str]]:
    """The exit code of a run, and its RECORD and STATE lines without their times."""
    done = run_here({**sandbox.settings, **FAST, **settings}, catalog=selecting(stream))
    untimed = re.sub(r'"time_extracted":"[^"]+"|"read_at":"[^"]+"', "", done.stdout)
    return done.exit_code, [line for line in untimed.splitlines() if not line.startswith('{"type":"SCHEMA"')]


@pytest.mark.parametrize("stream", LISTS)
def test_a_batch_has_the_bytes_that_the_sdk_writes(make_sandbox: Callable[..., Sandbox], stream: str) -> None:
    sandbox = make_sandbox(webinars=1)
    key, path = LISTS[stream]
    names = sorted(STREAM_SCHEMAS[stream]["properties"].keys() - {key, "webinarKey", "organizerKey"})
    fields = st.dictionaries(st.sampled_from(names), VALUES)

    @hypothesis.settings(max_examples=12, deadline=None)
    @given(st.lists(fields, max_size=5))
    def check(rows: list[dict[str, Any]]) -> None:
        keyed = [{**row, key: number} for number, row in enumerate(rows, start=1)]
        sandbox.control.configure(faults=[Fault(kind="json", path=path, value=keyed)])
        batch = lines(sandbox, stream)
        # A map, even one that changes nothing, makes the SDK write.
        assert lines(sandbox, stream, stream_maps={stream: {"__filter__": "True"}}) == batch
        assert batch[0] == 0
        assert len(batch[1]) == len(rows) + 1

    check()
