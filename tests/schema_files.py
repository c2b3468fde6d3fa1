"""The files in `schemas/`, as installed: those of streams, and those of what the target takes and gives."""

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any, Final

from jsonschema import FormatChecker

SCHEMA_FOLDER: Final = Path(str(importlib.resources.files("tap_gotowebinar.schemas")))
_FILES: Final = {path.stem: path for path in sorted(SCHEMA_FOLDER.glob("*.json"))}
_ALL: Final[dict[str, dict[str, Any]]] = {
    name: json.loads(path.read_text(encoding="utf-8")) for name, path in _FILES.items()
}

TARGET_SCHEMAS: Final = {name: _ALL.pop(name) for name in ("new_registrant", "registration_result")}
STREAM_SCHEMAS: Final = _ALL

CANONICAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
FORMATS: Final = FormatChecker(formats=())
"""Checks that times are in the form in which they come out."""


@FORMATS.checks("date-time")
def is_canonical(value: object) -> bool:
    return not isinstance(value, str) or bool(CANONICAL.fullmatch(value))
