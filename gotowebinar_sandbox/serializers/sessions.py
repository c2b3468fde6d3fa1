"""Sessions, attendees and recordings in lists (API reference, sections 5.4, 5.8 and 5.11)."""

from datetime import timedelta
from typing import Any

from gotowebinar_sandbox.data.models import Organizer, Webinar, covered_seconds, format_time
from gotowebinar_sandbox.data.randomness import random_fraction
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.sessions import Recording
from gotowebinar_sandbox.data.world import World

# GoTo does not publish the meaning of its codes.
WEBINAR_TYPES = {"single_session": 1, "series": 2, "sequence": 3}
STARTED_BY_ANOTHER = 0.15
FOLLOW_UP_AFTER = timedelta(days=1)
TERSE = 0.3
STORE = "https://recordings.example.com"

Row = dict[str, Any]


def session_row(world: World, activity: SessionActivity) -> Row:
    """Return a session; keys are strings; some sessions lack the last six fields."""
    webinar, session = activity.webinar, activity.session
    creator, starter = world.organizers[webinar.organizer_key], _starter(world, activity)
    row: Row = {
        "sessionKey": str(session.key),
        "webinarKey": str(webinar.key),
        "webinarID": webinar.webinar_id,
        "webinarName": webinar.subject,
        "startTime": format_time(session.window.start),
        "endTime": format_time(session.window.end),
        "timeZone": webinar.time_zone,
        "registrantsAttended": len(activity.present),
        "registrantCount": len(activity.people.registrants),
        "accountKey": str(world.account_key),
        "creatingOrganizerKey": str(creator.key),
        "creatingOrganizerName": creator.name,
        "startingOrganizerKey": str(starter.key),
        "startingOrganizerName": starter.name,
        "totalPollCount": len(activity.polls.questions),
        "experienceType": webinar.experience_type,
    }
    if random_fraction(session.key, "terse") >= TERSE:
        row |= {
            "webinarType": WEBINAR_TYPES[webinar.recurrence_type],
            "numRegLinkClicks": activity.link_clicks,
            "numOpenedInvitations": activity.opened_invitations,
            "includeCertificate": bool(session.key % 2),
            "followupEmailTriggered": world.clock.now() >= session.window.end + FOLLOW_UP_AFTER,
            "buildNumber": "10.19.0",
        }
    return row


def attendee_row(activity: SessionActivity, registrant_key: int) -> Row:
    """Return a row of the attendees of a session; keys are numbers."""
    who, intervals = activity.people.registrants[registrant_key], activity.intervals(registrant_key)
    return {
        "registrantKey": registrant_key,
        "sessionKey": activity.session.key,
        "email": who.email,
        "firstName": who.first_name,
        "lastName": who.last_name,
        "attendanceTimeInSeconds": covered_seconds(intervals),
        "attendance": [
            {"joinTime": format_time(interval.start), "leaveTime": format_time(interval.end)} for interval in intervals
        ],
    }


def attendee_of_webinar(activity: SessionActivity, registrant_key: int) -> Row:
    """Return a row of the attendees of a webinar; keys are strings, as one client of GoTo's reads them."""
    keys = {"registrantKey": str(registrant_key), "sessionKey": str(activity.session.key)}
    return attendee_row(activity, registrant_key) | keys


def recording_row(world: World, webinar: Webinar, recording: Recording) -> Row:
    """Return a recording; some have no transcript."""
    odd = int(recording.key, 16) % 2
    transcript = {"transcriptDownloadUrl": f"{STORE}/{recording.key}.txt?signature=made-up"} if odd else {}
    return {
        "recordingAssetKey": recording.key,
        "name": recording.name,
        "productName": "g2w",
        "createTime": format_time(recording.made_at),
        "creatorKey": str(webinar.organizer_key),
        "accountKey": str(world.account_key),
        "totalReferenceCount": 1 + odd,
        "mp4DownloadUrl": f"{STORE}/{recording.key}.mp4?signature=made-up",
        **transcript,
        "recordingShareUrl": f"{STORE}/{recording.key}",
        "webinarKey": str(webinar.key),
    }


def _starter(world: World, activity: SessionActivity) -> Organizer:
    """Return the organizer who started a session: sometimes a colleague."""
    own, key = world.organizers[activity.webinar.organizer_key], activity.session.key
    others = [other for other in world.organizers.values() if other is not own]
    return others[key % len(others)] if others and random_fraction(key, "starter") < STARTED_BY_ANOTHER else own
