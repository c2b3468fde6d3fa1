"""Lists as GoTo sends them."""

from collections.abc import Sequence
from typing import Any


def hal(name: str, rows: Sequence[object], *, total: int | None = None) -> dict[str, Any]:
    """Return a list with `_embedded` rows on one page; it says that it has `total` rows."""
    page = {"size": 200, "totalElements": len(rows) if total is None else total, "totalPages": 1, "number": 0}
    return {"_embedded": {name: list(rows)}, "page": page}
