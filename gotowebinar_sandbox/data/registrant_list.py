"""The registrants of one webinar."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from gotowebinar_sandbox.data.registrants import join_url
from gotowebinar_sandbox.serializers.schemas import Registrant, RegistrantDetailed, wire_names

IN_LIST = wire_names(Registrant)
IN_DETAIL = wire_names(RegistrantDetailed)


class RegistrantList:
    """The registrants of one webinar, in the order the list shows them.

    Attributes:
        particulars: What is known of a registrant beyond the list, by registrantKey, where it was told or changed.
        version: Grows with every change of any registrant.
    """

    def __init__(self, webinar_key: int, registrants: Iterable[Registrant]) -> None:
        """Take over the registrants of a webinar."""
        self.webinar_key = webinar_key
        self.version = 0
        self.registrants = {registrant.registrant_key: registrant for registrant in registrants}
        self.details: dict[int, dict[str, Any]] = {}
        self._by_email = {_address(registrant.email): registrant for registrant in self.registrants.values()}
        self._encoded: dict[int | None, bytes] = {}
        self._statuses: Counter[str] | None = None

    def __len__(self) -> int:
        """Count the registrants."""
        return len(self.registrants)

    def encoded(self, cap: int | None) -> bytes:
        """Return the whole list as JSON, cut silently after ``cap`` rows; encoded once until something changes."""
        if cap not in self._encoded:
            self._encoded[cap] = msgspec.json.encode(list(self.registrants.values())[:cap])
        return self._encoded[cap]

    @property
    def statuses(self) -> Counter[str]:
        """How many registrants have each status; counted once until something changes."""
        if self._statuses is None:
            self._statuses = Counter(registrant.status for registrant in self.registrants.values())
        return self._statuses

    def page(self, start: int, count: int) -> list[Registrant]:
        """Return one page of the list."""
        return list(self.registrants.values())[start : start + count]

    def find(self, email: str) -> Registrant | None:
        """Return who registered with this address, whatever its case."""
        return self._by_email.get(_address(email))

    def add(self, registrant: Registrant, details: dict[str, Any]) -> None:
        """Register someone, with all that is known of them."""
        self.registrants[registrant.registrant_key] = registrant
        self.details[registrant.registrant_key] = details
        self._by_email[_address(registrant.email)] = registrant
        self._changed()

    def remove(self, registrant_key: int) -> None:
        """Forget someone.

        Raises:
            KeyError: Nobody has this key.
        """
        registrant = self.registrants.pop(registrant_key)
        self.details.pop(registrant_key, None)
        self._by_email.pop(_address(registrant.email), None)
        self._changed()

    def change(self, registrant_key: int, details: dict[str, Any], fields: dict[str, Any]) -> None:
        """Change fields of a registrant, by their names on the wire.

        Args:
            registrant_key: Who.
            details: All that is known of them beyond the list.
            fields: New values; None takes a field away.

        Raises:
            KeyError: Nobody has this key, or there is no such field.
        """
        registrant = self.registrants[registrant_key]
        self._by_email.pop(_address(registrant.email), None)
        for name, value in fields.items():
            if name in IN_LIST:
                setattr(registrant, IN_LIST[name], value)
            else:
                details[IN_DETAIL[name]] = value
        if "status" in fields and "joinUrl" not in fields:
            approved = registrant.status == "APPROVED"
            registrant.join_url = join_url(self.webinar_key, registrant_key) if approved else None
        self.details[registrant_key] = details
        self._by_email[_address(registrant.email)] = registrant
        self._changed()

    def _changed(self) -> None:
        self._encoded.clear()
        self._statuses = None
        self.version += 1


def _address(email: str | None) -> str:
    """Return what makes two addresses the same; one that was spoilt on purpose counts too."""
    return (email or "").casefold()
