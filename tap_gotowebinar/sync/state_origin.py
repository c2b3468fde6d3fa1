"""Whose data a state is about: the state of another connection is refused before anything is emitted.

Meltano can hand a run the state of another one. A run that went on from it would emit everything again, and overlook
cancellations.
"""

import hashlib

from tap_gotowebinar.api.errors import CallError, GoToWebinarError
from tap_gotowebinar.sync.bookmarks.state import Origin
from tap_gotowebinar.sync.context import SyncContext


class ForeignStateError(GoToWebinarError):
    """The state is about the data of somebody else."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the state is that of another connection: {why}; check which state this run was given, "
            "or start without one if the change is meant"
        )


def check_origin(run: SyncContext, *, asks_owner: bool, lists_webinars: bool) -> None:
    """Refuse the state of somebody else, else note whose it is. An accepted state costs no call of its own.

    So the owner of the token and the webinars are compared where the run asks for them anyway.

    Raises:
        ForeignStateError: the state is about the data of somebody else.
        GoToWebinarError: GoTo does not say whose data to read.
    """
    known, keys = run.bookmarks.origin, _keys(run)
    owner, why = _owner(run) if asks_owner else None, None
    # A state of release 0.1.0 has no origin; entries of organizers tell it.
    known_keys = known.keys or frozenset(map(_fingerprint, run.bookmarks.organizers()))
    if not (known.owner and owner) and known_keys.isdisjoint(keys):
        why = _difference(run, lists_webinars=lists_webinars)
        # Before a state is refused, the owner of the token is worth a call.
        owner = _owner(run) if why and known.owner else owner
    if known.owner and owner:
        why = None if known.owner == owner else "its data were read with the token of another user"
    if why:
        raise ForeignStateError(why)
    run.bookmarks.origin = Origin(owner or known.owner, known.keys | keys)


def _owner(run: SyncContext) -> str | None:
    """Return the fingerprint of the user whom the token belongs to; None when GoTo does not tell."""
    try:
        owner = run.organizers.owner
    except CallError:
        # The stream `organizers`, or whatever else needs to know, says what it means for the run.
        return None
    return _fingerprint(owner["organizerKey"]) if owner else None


def _keys(run: SyncContext) -> frozenset[str]:
    """Return the fingerprints of the organizers and the account that this run reads."""
    account_key = run.settings.account_key
    return frozenset(map(_fingerprint, [*run.organizers.organizer_keys, *([account_key] if account_key else [])]))


def _difference(run: SyncContext, *, lists_webinars: bool) -> str | None:
    """Return what shows that a state is about something else: a complete list, say, of webinars it does not know."""
    if not lists_webinars:
        return "it is about other organizers" if run.bookmarks.origin.keys else None
    if not (known := run.bookmarks.webinars()):
        return None
    listed = run.webinars.keys
    if not listed or not listed.isdisjoint(known) or not all(found.is_complete for found in run.webinars.lists):
        return None
    return f"it knows {len(known)} webinar(s), and GoTo lists {len(listed)} other(s)"


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]
