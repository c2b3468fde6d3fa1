"""Catalogs: which streams and fields a run is asked for."""

import functools
import json
from typing import Any

from tap_gotowebinar.tap import TapGoToWebinar


@functools.cache
def _discovered() -> str:
    return TapGoToWebinar(config={}, validate_config=False).catalog_json_text


def selecting(*streams: str, without: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Return a catalog in which these streams are selected, except for the fields of each named in `without`."""
    catalog: dict[str, Any] = json.loads(_discovered())
    for entry in catalog["streams"]:
        unwanted = (without or {}).get(entry["tap_stream_id"], [])
        for item in entry["metadata"]:
            breadcrumb = item["breadcrumb"]
            if not breadcrumb:
                item["metadata"]["selected"] = entry["tap_stream_id"] in streams
            elif list(breadcrumb) in [["properties", name] for name in unwanted]:
                item["metadata"]["selected"] = False
    return catalog
