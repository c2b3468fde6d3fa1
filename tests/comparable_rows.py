"""Rows compared by what they tell, however the tap and the wire write it."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

Row = dict[str, Any]

NOT_ON_THE_WIRE: Final = frozenset({"organizerKey", "pollKey", "questionKey", "surveyKey"})
"""Keys that the tap makes, or takes from the parent."""


def told(row: Row) -> Row:
    """What a row says: no nulls, no keys that are not on the wire, times without their fractions."""
    whole: Row = plain(row)
    return {name: value for name, value in whole.items() if name not in NOT_ON_THE_WIRE}


def without_nulls(row: Row) -> Row:
    """What GoTo sent of a row; the rest of its fields are null."""
    return {name: value for name, value in row.items() if value is not None}


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        sent = without_nulls(value).items()
        return {"webinarID" if name == "webinarId" else name: plain(item) for name, item in sent}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\d{1,6}", value) else re.sub(r"(\d\d:\d\d:\d\d)(\.\d+)?Z$", r"\1Z", value)
    return value


def bag(rows: Iterable[Row]) -> Counter[str]:
    """Rows without their order."""
    return Counter(json.dumps(told(row), sort_keys=True) for row in rows)
