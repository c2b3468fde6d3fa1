"""The Python client of the control interface, for a sandbox in this process or in another."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import requests

TIMEOUT = 60.0
Key = str | int
Row = dict[str, Any]


class Control:
    """Looks into a running sandbox and lets things happen in it.

    Keys go in as text or numbers, and come out as text. Each method raises ``ValueError`` for a key, field or value
    that the sandbox does not know or take.
    """

    def __init__(self, base_url: str) -> None:
        """Control the sandbox at this origin."""
        self._base_url = f"{base_url.rstrip('/')}/_sandbox"

    def calls(self) -> list[Row]:
        """Return every call but those to the control interface, in order of arrival.

        Each has ``n`` (running number), ``at`` and ``done`` (arrival and end, monotonic seconds of the machine),
        ``method``, ``path``, ``query`` (mapping), ``status`` (None: no answer) and ``fault`` (kind or None).
        """
        return cast("list[Row]", self._do("calls"))

    def reset_calls(self) -> None:
        """Forget the calls made so far, for the rate limits too."""
        self._do("reset_calls")

    def state(self) -> Row:
        """Return figures of the run so far.

        ``open`` and ``peak`` concurrent calls, ``refused`` (429 given), ``most_in_window`` and ``most_in_second``
        (the most API calls that arrived in any rate window or second, refused ones too), ``confirmations`` (mails
        that registrants would have got).
        """
        return cast("Row", self._do("state"))

    def options(self) -> Row:
        """Return the options in force."""
        return cast("Row", self._do("options"))

    def configure(self, **options: object) -> None:
        """Change options while it runs; faults may be `Fault` rules or mappings, and start counting anew."""
        self._do("configure", options=options)

    def truth(self, *streams: str) -> dict[str, list[Row]]:
        """Return the records to expect, every key a string.

        Args:
            streams: Names of streams, for example ``attendees``, or ``confirmations``, the mails that went out, in
                their order; none: ``organizers``, ``webinars`` and ``registrants``.
        """
        return cast("dict[str, list[Row]]", self._do("truth", streams=streams))

    def add_webinar(self, **fields: object) -> str:
        """Add a webinar and return its key.

        Args:
            fields: By their names in the API: ``subject``, ``times`` (``[{startTime, endTime}]``, maybe none),
                ``organizerKey``, ``approvalType``, ``registrationLimit``, ``recurrenceKey`` (of a series) and so on;
                ``registrationClosed``; ``requiredFields``, names of standard fields that must be filled in;
                ``questions``, texts of custom questions that must be answered. By default next week, a single one, of
                the first organizer, with automatic approval.
        """
        return str(self._do("add_webinar", fields=fields))

    def move_webinar(self, webinar_key: Key, starts_at: str) -> None:
        """Let a webinar start at another time (ISO 8601); all its times move along, sessions that are over stay."""
        self._do("move_webinar", webinar_key=webinar_key, starts_at=starts_at)

    def reassign_webinar(self, webinar_key: Key, organizer_key: Key) -> None:
        """Hand a webinar over to another organizer of the account."""
        self._do("reassign_webinar", webinar_key=webinar_key, organizer_key=organizer_key)

    def cancel_webinar(self, webinar_key: Key) -> None:
        """Cancel a webinar: it is gone from the lists, answers 404, and is a row of ``truth("webinar_removals")``."""
        self._do("cancel_webinar", webinar_key=webinar_key)

    def add_registrants(self, webinar_key: Key, count: int = 1, *, people: Sequence[Row] | None = None) -> list[str]:
        """Register so many people, or these, at the end of the list, and return their keys.

        Args:
            webinar_key: For which webinar.
            count: How many made-up people, if none are given.
            people: Fields of each, by their names in the API; what is missing is made up.
        """
        people = [{}] * count if people is None else people
        return cast("list[str]", self._do("add_registrants", webinar_key=webinar_key, people=people))

    def approve_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Approve a registrant, who gets a joinUrl."""
        self.change_registrant(webinar_key, registrant_key, status="APPROVED")

    def deny_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Deny a registrant, who loses the joinUrl."""
        self.change_registrant(webinar_key, registrant_key, status="DENIED")

    def change_registrant(self, webinar_key: Key, registrant_key: Key, **fields: object) -> None:
        """Change fields of a registrant by their names in the API; None takes an optional field away."""
        self._do("change_registrant", webinar_key=webinar_key, registrant_key=registrant_key, fields=fields)

    def cancel_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Take a registrant off the list, past webinars included: gone, and 404 by key."""
        self._do("cancel_registrant", webinar_key=webinar_key, registrant_key=registrant_key)

    def hold_session(self, webinar_key: Key, attendees: Sequence[Key] | None = None, **times: str) -> str:
        """Let a session of a webinar have taken place, planned or not, and return its key.

        Args:
            webinar_key: Of which webinar.
            attendees: The registrantKeys of all who attended; None: it is made up.
            times: ``startTime`` and ``endTime`` (ISO 8601); default: an hour that ends now.
        """
        return str(self._do("hold_session", webinar_key=webinar_key, attendees=attendees, times=times))

    def attend(self, webinar_key: Key, session_key: Key, registrant_key: Key, **times: str) -> None:
        """Let a registrant have been in a session, too, or once more.

        Args:
            webinar_key: Of which webinar.
            session_key: In which session.
            registrant_key: Who.
            times: ``joinTime`` and ``leaveTime`` (ISO 8601); default: from the start to the end.
        """
        self._in("attend", webinar_key, session_key, registrant_key=registrant_key, times=times)

    def follow_up(self, webinar_key: Key, session_key: Key, **counts: int) -> None:
        """Set ``numRegLinkClicks`` or ``numOpenedInvitations`` of a session."""
        self._in("follow_up", webinar_key, session_key, counts=counts)

    def add_poll(self, webinar_key: Key, session_key: Key, question: str, choices: Sequence[str] = ()) -> None:
        """Add a poll to a session, which nobody has answered; without choices it is answered in words."""
        self._in("add_poll_question", webinar_key, session_key, kind="polls", question=question, choices=choices)

    def add_survey_question(
        self, webinar_key: Key, session_key: Key, question: str, choices: Sequence[str] = ()
    ) -> None:
        """Add a question to the survey of a session, which nobody has answered."""
        self._in("add_poll_question", webinar_key, session_key, kind="survey", question=question, choices=choices)

    def answer_poll(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int = 0
    ) -> None:
        """Let an attendee answer the poll of this number (from 0), or answer it differently; no answers: not at all."""
        answered = {"registrant_key": registrant_key, "answers": answers, "number": number}
        self._in("answer_poll_question", webinar_key, session_key, kind="polls", **answered)

    def answer_survey(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int = 0
    ) -> None:
        """Let an attendee answer the survey question of this number (from 0), or answer it differently."""
        answered = {"registrant_key": registrant_key, "answers": answers, "number": number}
        self._in("answer_poll_question", webinar_key, session_key, kind="survey", **answered)

    def ask_question(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, question: str, **times: str
    ) -> None:
        """Let an attendee have asked something, at ``dateAsked`` (ISO 8601); default: at the start."""
        asked = {"registrant_key": registrant_key, "question": question, "times": times}
        self._in("ask_question", webinar_key, session_key, **asked)

    def answer_question(self, webinar_key: Key, session_key: Key, answer: str, number: int = 0) -> None:
        """Let the organizer answer the question of this number (from 0, as the session lists them) now."""
        self._in("answer_question", webinar_key, session_key, answer=answer, number=number)

    def add_panelist(self, webinar_key: Key) -> str:
        """Add somebody as a panelist and return the panelistId."""
        return str(self._do("add_member", webinar_key=webinar_key, kind="panelists"))

    def remove_panelist(self, webinar_key: Key, panelist_id: Key) -> None:
        """Take a panelist away."""
        self._do("remove_member", webinar_key=webinar_key, kind="panelists", key=panelist_id)

    def add_coorganizer(self, webinar_key: Key) -> str:
        """Add somebody from outside as a co-organizer and return the memberKey."""
        return str(self._do("add_member", webinar_key=webinar_key, kind="coorganizers"))

    def remove_coorganizer(self, webinar_key: Key, member_key: Key) -> None:
        """Take a co-organizer away."""
        self._do("remove_member", webinar_key=webinar_key, kind="coorganizers", key=member_key)

    def add_recording(self, webinar_key: Key, name: str = "A recording") -> str:
        """Add a recording made now and return its recordingAssetKey."""
        return str(self._do("add_recording", webinar_key=webinar_key, name=name))

    def expire_access_tokens(self) -> None:
        """Let every access token expire now."""
        self._do("expire_access_tokens")

    def revoke_refresh_token(self) -> None:
        """Refuse every refresh token given out so far; the personal access token stays good."""
        self._do("revoke_refresh_token")

    def _in(self, action: str, webinar_key: Key, session_key: Key, **arguments: object) -> None:
        self._do(action, webinar_key=webinar_key, session_key=session_key, **arguments)

    def _do(self, action: str, **arguments: object) -> object:
        with requests.Session() as session:
            # A sandbox is on this machine, whatever proxy the environment names.
            session.trust_env = False
            body = msgspec.json.encode(arguments)
            answer = session.post(f"{self._base_url}/{action}", data=body, timeout=TIMEOUT)
        if answer.status_code in {400, 404}:
            raise ValueError(answer.json()["error"])
        answer.raise_for_status()
        return cast("object", answer.json())
