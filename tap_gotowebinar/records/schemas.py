"""The JSON schema of each stream, from the files of the distribution."""

from __future__ import annotations

import importlib.resources
from typing import Any, Final

from singer_sdk import SchemaDirectory

SCHEMAS: Final = SchemaDirectory(importlib.resources.files("tap_gotowebinar.schemas"))


def load_schema(stream: str) -> dict[str, Any]:
    """Return the schema of a stream."""
    return SCHEMAS.fetch_schema(stream)
