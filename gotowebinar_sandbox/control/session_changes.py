"""Changes to sessions of a running sandbox; `Control` documents each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gotowebinar_sandbox.control.changes import (
    Key,
    UnknownError,
    find_registrant,
    find_webinar,
    number,
    reject_unknown,
)
from gotowebinar_sandbox.data.engagement import AttendeeQuestion, PollQuestion
from gotowebinar_sandbox.data.models import Session, Window, parse_time
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.state import SandboxState


class SessionChanges:
    """Adds sessions, and what people did in them."""

    def __init__(self, state: SandboxState) -> None:
        """Change a world."""
        self._state = state

    def hold_session(self, webinar_key: Key, attendees: Sequence[Key] | None, times: Mapping[str, str]) -> str:
        """Add a session that is over and return its key."""
        webinar = find_webinar(self._state, webinar_key)
        now = self._state.world.clock.now().replace(microsecond=0)
        given = _times(times, "startTime", "endTime")
        end = given.get("endTime", now)
        start = given.get("startTime", end - timedelta(hours=1))
        if not start + timedelta(minutes=1) <= end <= now:
            message = "a session must last at least a minute and be over"
            raise ValueError(message)
        guests = None
        if attendees is not None:
            guests = frozenset(find_registrant(self._state, webinar, key).registrant_key for key in attendees)
        key = self._state.world.new_key()
        self._state.calendar.add(Session(key=key, webinar_key=webinar.key, window=Window(start, end), guests=guests))
        return str(key)

    def attend(self, webinar_key: Key, session_key: Key, registrant_key: Key, times: Mapping[str, str]) -> None:
        """Add a time that a registrant spent in a session."""
        activity = self._activity(webinar_key, session_key)
        registrant = find_registrant(self._state, activity.webinar, registrant_key)
        window, given = activity.session.window, _times(times, "joinTime", "leaveTime")
        interval = Window(given.get("joinTime", window.start), given.get("leaveTime", window.end))
        activity.attend(registrant.registrant_key, interval)

    def follow_up(self, webinar_key: Key, session_key: Key, counts: Mapping[str, int]) -> None:
        """Set the counts of a session."""
        reject_unknown(counts.keys() - {"numRegLinkClicks", "numOpenedInvitations"})
        activity = self._activity(webinar_key, session_key)
        activity.link_clicks = counts.get("numRegLinkClicks", activity.link_clicks)
        activity.opened_invitations = counts.get("numOpenedInvitations", activity.opened_invitations)

    def add_poll(self, webinar_key: Key, session_key: Key, question: str, choices: Sequence[str]) -> None:
        """Add a poll that nobody has answered."""
        polls = self._activity(webinar_key, session_key).polls
        polls.questions.append(PollQuestion(question, tuple(choices)))

    def answer_poll(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int
    ) -> None:
        """Set an attendee's answers to a poll."""
        activity = self._activity(webinar_key, session_key)
        activity.polls.answer(number, _attendee(activity, registrant_key), answers)

    def ask_question(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, question: str, times: Mapping[str, str]
    ) -> None:
        """Add a question of an attendee."""
        activity = self._activity(webinar_key, session_key)
        at = _times(times, "dateAsked").get("dateAsked", activity.session.window.start)
        activity.ask(AttendeeQuestion(_attendee(activity, registrant_key), question, at))

    def _activity(self, webinar_key: Key, session_key: Key) -> SessionActivity:
        activity = self._state.calendar.find(find_webinar(self._state, webinar_key), number(session_key))
        if activity is None:
            message = f"no session {session_key}"
            raise UnknownError(message)
        return activity


def _times(given: Mapping[str, str], *names: str) -> dict[str, datetime]:
    reject_unknown(given.keys() - set(names))
    return {name: parse_time(text) for name, text in given.items()}


def _attendee(activity: SessionActivity, registrant_key: Key) -> int:
    key = number(registrant_key)
    if key not in activity.attendees:
        message = f"no attendee {registrant_key}"
        raise UnknownError(message)
    return key
