"""Whose data a state is about."""

from __future__ import annotations

from typing import Any, NamedTuple

from tap_gotowebinar.sync.bookmarks.state import StateError, mapping


class Origin(NamedTuple):
    """Who was read, in fingerprints: another login, token or client of the same user changes nothing.

    Attributes:
        owner: The user whom the token belongs to; None: GoTo has not told.
        keys: The organizers and accounts that were read.
    """

    owner: str | None = None
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, value: object) -> Origin:
        """Return what a state says of its origin; None, as earlier releases leave it, says nothing.

        Raises:
            StateError: it cannot be understood.
        """
        entry = mapping({} if value is None else value, "origin")
        owner, keys = entry.get("owner"), entry.get("keys") or []
        if not isinstance(keys, list) or not all(isinstance(item, str) for item in [owner or "", *keys]):
            raise StateError(where="origin", what="cannot be what was written there")
        return cls(owner or None, frozenset(keys))

    def entry(self) -> dict[str, Any]:
        """Return it as it stands in the state."""
        return {"owner": self.owner, "keys": sorted(self.keys)}
