"""What can happen to the sessions of a made-up world after they were first read."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gotowebinar_sandbox.changes import Changes, UnknownError, number, refuse_unknown
from gotowebinar_sandbox.data.clock import instant
from gotowebinar_sandbox.data.models import Session, Window
from gotowebinar_sandbox.data.polls import PollQuestion, PollResults
from gotowebinar_sandbox.data.questions import Asked, Reply
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.session_calendar import SessionCalendar

AN_HOUR = timedelta(hours=1)


class SessionChanges:
    """Lets sessions be held, and people have been there and said something."""

    def __init__(self, changes: Changes, diary: SessionCalendar) -> None:
        """Change a world."""
        self._changes = changes
        self._diary = diary

    def hold(self, webinar_key: str, fields: Mapping[str, Any]) -> int:
        """Let a session have been held.

        Args:
            webinar_key: Of which webinar.
            fields: ``startTime`` and ``endTime``, by default an hour that ends now; ``attendees``, the registrantKeys
                of all who attended; None: made up.

        Returns:
            The sessionKey.

        Raises:
            UnknownError: There is no such webinar, registrant or field.
        """
        refuse_unknown(fields.keys() - {"startTime", "endTime", "attendees"})
        webinar = self._changes.webinar(webinar_key)
        now = self._diary.world.clock.now().replace(microsecond=0)
        end = instant(fields["endTime"]) if "endTime" in fields else now
        start = instant(fields["startTime"]) if "startTime" in fields else end - AN_HOUR
        if not start + timedelta(minutes=1) <= end <= now:
            message = "a session lasts a minute at least, and is over"
            raise ValueError(message)
        guests = fields.get("attendees")
        if guests is not None:
            guests = frozenset(self._changes.registrant(webinar, key).registrant_key for key in guests)
        key = self._diary.world.new_key()
        self._diary.add(Session(key=key, webinar_key=webinar.key, window=Window(start, end), guests=guests))
        return key

    def attend(self, where: Mapping[str, str], fields: Mapping[str, str]) -> None:
        """Let a registrant have been in a session; ``joinTime`` and ``leaveTime`` are its start and end by default.

        Raises:
            UnknownError: There is no such session, registrant or field.
        """
        refuse_unknown(fields.keys() - {"joinTime", "leaveTime"})
        activity = self.activity(where)
        registrant = self._changes.registrant(activity.webinar, where["registrant"])
        window = activity.session.window
        join = instant(fields["joinTime"]) if "joinTime" in fields else window.start
        leave = instant(fields["leaveTime"]) if "leaveTime" in fields else window.end
        activity.attend(registrant.registrant_key, [Window(join, leave)])

    def follow_up(self, where: Mapping[str, str], counts: Mapping[str, int]) -> None:
        """Set ``numRegLinkClicks`` or ``numOpenedInvitations`` of a session.

        Raises:
            UnknownError: There is no such session or field.
        """
        refuse_unknown(counts.keys() - {"numRegLinkClicks", "numOpenedInvitations"})
        activity = self.activity(where)
        activity.link_clicks = counts.get("numRegLinkClicks", activity.link_clicks)
        activity.opened_invitations = counts.get("numOpenedInvitations", activity.opened_invitations)

    def add_poll_question(self, where: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        """Add a poll or a question of the survey to a session: ``question`` and ``choices``.

        Raises:
            UnknownError: There is no such session.
        """
        self._poll_results(where).add(PollQuestion(fields["question"], tuple(fields["choices"])))

    def answer_poll_question(self, where: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        """Let an attendee, ``registrantKey``, give ``answers`` to a poll or a question of the survey.

        Raises:
            UnknownError: There is no such session or attendee.
            ValueError: There are not so many questions.
        """
        who = self._attendee(self.activity(where), fields["registrantKey"])
        self._poll_results(where).answer(int(where["number"]), who, fields["answers"])

    def ask(self, where: Mapping[str, str], fields: Mapping[str, str]) -> None:
        """Let an attendee, ``registrantKey``, ask a ``question`` at ``dateAsked``, by default the start.

        Raises:
            UnknownError: There is no such session, attendee or field.
        """
        refuse_unknown(fields.keys() - {"registrantKey", "question", "dateAsked"})
        activity = self.activity(where)
        who = self._attendee(activity, fields["registrantKey"])
        at = instant(fields["dateAsked"]) if "dateAsked" in fields else activity.session.window.start
        activity.ask(Asked(who, fields["question"], at))

    def reply(self, where: Mapping[str, str], fields: Mapping[str, str]) -> None:
        """Let the organizer give an ``answer`` to a question now.

        Raises:
            UnknownError: There is no such session.
            ValueError: There are not so many questions.
        """
        activity = self.activity(where)
        organizer = self._diary.world.organizers[activity.webinar.organizer_key]
        activity.reply(int(where["number"]), Reply(fields["answer"], organizer, self._diary.world.clock.now()))

    def _poll_results(self, where: Mapping[str, str]) -> PollResults:
        activity = self.activity(where)
        return activity.polls if where["kind"] == "polls" else activity.survey

    def _attendee(self, activity: SessionActivity, registrant_key: str) -> int:
        key = number(registrant_key)
        if not activity.lists(key):
            message = f"no attendee {registrant_key}"
            raise UnknownError(message)
        return key

    def activity(self, where: Mapping[str, str]) -> SessionActivity:
        """Return what happened in a session.

        Raises:
            UnknownError: There is no such session, or it is not over.
        """
        webinar = self._changes.webinar(where["webinar"])
        session = self._diary.find(webinar, number(where["session"]))
        if session is None:
            message = f"no session {where['session']}"
            raise UnknownError(message)
        return self._diary.activity(webinar, session)
