"""A setting as a row of the tables that people read."""

from typing import Any

from singer_sdk import typing as th


def setting_row(declared: th.Property[Any]) -> str:
    schema = declared.to_dict()[declared.name]
    marks = " ".join(
        mark for mark, holds in (("R", not declared.optional), ("S", schema.get("secret", False))) if holds
    )
    default = schema.get("default", "")
    default = f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
    cells = [f"`{declared.name}`", marks, default, schema["description"]]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
