"""The schemas, and records in their shape: all fields in the schema's order, null where GoTo sends nothing.

Targets take their columns from the first record, or from the first batch: a field that came late would be lost there.
"""

import importlib.resources
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from singer_sdk import SchemaDirectory
from singer_sdk.helpers.types import Record

SCHEMAS: Final = SchemaDirectory(importlib.resources.files("tap_gotowebinar.schemas"))
"""The JSON schema of each stream, from the files of the distribution."""


class RecordShape:
    """Brings records, their objects and the items of their arrays into the shape of a schema.

    Flattening makes columns of the objects, and targets with typed columns make structures of both.

    With `expands_nulls` an object that is null becomes one whose fields are null, because flattening takes its columns
    from the objects of a record.
    """

    def __init__(self, schema: Mapping[str, Any], *, expands_nulls: bool = False) -> None:
        self._expands_nulls = expands_nulls
        self._nulls: Record = dict.fromkeys(schema["properties"])
        self._inside: list[tuple[str, Callable[[Any], Any]]] = []
        for name, declared in schema["properties"].items():
            if "properties" in declared:
                self._inside.append((name, RecordShape(declared, expands_nulls=expands_nulls).fill_object))
            elif "properties" in declared.get("items", {}):
                self._inside.append((name, RecordShape(declared["items"]).fill_items))

    def fill(self, records: Iterable[Mapping[str, Any]], keys: Mapping[str, str] | None = None) -> list[Record]:
        """Return records with all declared fields and no others; `keys` replace nulls."""
        keys = keys or {}
        start = {**self._nulls, **keys}
        result = []
        for record in records:
            filled = {**start, **record}
            for name, key in keys.items():
                if filled[name] is None:
                    filled[name] = key
            if len(filled) > len(self._nulls):
                filled = {name: filled[name] for name in self._nulls}
            for name, fill in self._inside:
                filled[name] = fill(filled[name])
            result.append(filled)
        return result

    def fill_object(self, value: Record | None) -> Record | None:
        """Return an object inside a record with all its fields."""
        return None if value is None and not self._expands_nulls else self.fill([value or {}])[0]

    def fill_items(self, items: list[Record] | None) -> list[Record] | None:
        """Return an array inside a record with all fields of its items."""
        return None if items is None else self.fill(items)
