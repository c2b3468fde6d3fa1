"""The catalog as it was reviewed: whatever drifts in it shows up in a diff.

After a change on purpose: `tap-gotowebinar --discover > tests/fixtures/catalog.json`
"""

import json
from typing import Any

import pytest

from tap_gotowebinar.tap import TapGoToWebinar
from tests.sources import ROOT

Entries = dict[str, dict[str, Any]]


def entries(catalog: dict[str, Any]) -> Entries:
    return {entry["tap_stream_id"]: entry for entry in catalog["streams"]}


NOW: Entries = entries(json.loads(json.dumps(TapGoToWebinar(config={}, validate_config=False).catalog_dict)))
REVIEWED: Entries = entries(json.loads((ROOT / "tests" / "fixtures" / "catalog.json").read_text(encoding="utf-8")))


def test_there_are_the_streams_that_were_reviewed() -> None:
    assert list(NOW) == list(REVIEWED)


@pytest.mark.parametrize("stream", NOW)
def test_a_stream_is_as_it_was_reviewed(stream: str) -> None:
    assert NOW[stream] == REVIEWED[stream], __doc__
