"""All there is in a made-up world, as plain data to compare the end of a pipeline with."""

from typing import Any

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.serializers.schemas import plain
from gotowebinar_sandbox.serializers.webinars import WebinarSerializer


def truth(world: World) -> dict[str, Any]:
    """Return organizers, webinars and registrants under the names of the wire, every key a string.

    A webinar has the fields of lists and of get-by-key together, spelled and with all times as in lists, except
    ``webinarID``. A registrant has the webinarKey and all that get-by-key shows.
    """
    return {
        "organizers": [
            {
                "organizerKey": str(organizer.key),
                "accountKey": str(world.account_key),
                "accountName": world.account_name,
                "email": organizer.email,
                "firstName": organizer.first_name,
                "lastName": organizer.last_name,
            }
            for organizer in world.organizers.values()
        ],
        "webinars": [_webinar(WebinarSerializer(world), webinar) for webinar in world.webinars.values()],
        "registrants": [
            {"webinarKey": str(webinar.key), **plain(registrant), "registrantKey": str(registrant.registrant_key)}
            for webinar, registrant in world.everyone()
        ],
    }


def _webinar(shapes: WebinarSerializer, webinar: Webinar) -> dict[str, Any]:
    whole = {**plain(shapes.by_key(webinar)), **plain(shapes.listed(webinar))}
    return {name: value for name, value in whole.items() if name != "webinarId"}
