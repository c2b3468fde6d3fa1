"""Gives those who run a webinar the shapes they have on the wire."""

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.panelists import Staff
from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.serializers.panelist_schemas import AccessCodes, Audio, CallNumber, CoorganizerRow, PanelistRow

AUDIO_TYPES = ("PSTN", "VOIP", "Hybrid", "Private")


def panelists(staff: Staff, webinar: Webinar) -> list[PanelistRow]:
    """Return the panelists of a webinar."""
    return [
        PanelistRow(
            panelist_id=key,
            name=f"{who.first_name} {who.last_name}",
            first_name=who.first_name if key % 2 else None,
            last_name=who.last_name if key % 2 else None,
            email=who.email,
            join_link=_join_link(webinar, key),
        )
        for key, who in staff.panelists(webinar).items()
    ]


def coorganizers(staff: Staff, webinar: Webinar) -> list[CoorganizerRow]:
    """Return the co-organizers of a webinar."""
    return [
        CoorganizerRow(
            member_key=str(key),
            given_name=helper.who.first_name,
            surname=None if helper.external else helper.who.last_name,
            email=helper.who.email,
            external=helper.external,
            join_link=_join_link(webinar, key),
        )
        for key, helper in staff.coorganizers(webinar).items()
    ]


def audio(webinar: Webinar) -> Audio:
    """Return how one hears a webinar."""
    rng = seeded_random(webinar.key, "audio")
    codes = AccessCodes(*(f"{rng.randrange(10**8, 10**9)}" for _ in range(3)))
    kind = rng.choice(AUDIO_TYPES)
    if kind == "Private":
        return Audio(type=kind, private_info={"attendee": "Call our switchboard.", "organizer": "Dial 9 first."})
    numbers = {
        "NO": CallNumber(toll="+47 555 0102", access_codes=codes),
        "US": CallNumber(toll="+1 (555) 010-0123", toll_free="1 800 555 0124", access_codes=codes),
    }
    return Audio(type=kind, conf_call_numbers=numbers)


def _join_link(webinar: Webinar, key: int) -> str:
    return f"https://global.gotowebinar.com/join/{webinar.key}/{key % 10**9}"
