"""The Python client of the control interface, for a sandbox in this process or in another."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import requests

TIMEOUT = 60.0
Key = str | int
Row = dict[str, Any]


class Control:
    """Inspects and changes a running sandbox.

    Keys may be text or numbers; returned keys are text. Each method raises ``ValueError`` for an unknown key or field
    and for a value that is not allowed.
    """

    def __init__(self, base_url: str) -> None:
        """Control the sandbox at this origin."""
        self._base_url = f"{base_url.rstrip('/')}/_sandbox"

    def calls(self) -> list[Row]:
        """Return the calls in order of arrival, without those to the control interface.

        Each has ``n`` (running number), ``at`` and ``done`` (arrival and end, monotonic seconds of the machine),
        ``method``, ``path``, ``query`` (mapping), ``status`` (None: no response) and ``fault`` (kind or None).
        """
        return cast("list[Row]", self._do("calls"))

    def reset_calls(self) -> None:
        """Forget the calls so far; they do not count towards the rate limits any more."""
        self._do("reset_calls")

    def state(self) -> Row:
        """Return the statistics of the run so far.

        ``open`` and ``peak`` concurrent calls, ``refused`` (429 responses), ``most_in_window`` and ``most_in_second``
        (the maximum of API calls that arrived in any rate window or second, rejected ones included), ``confirmations``
        (confirmation mails).
        """
        return cast("Row", self._do("state"))

    def options(self) -> Row:
        """Return the current options."""
        return cast("Row", self._do("options"))

    def configure(self, **options: object) -> None:
        """Change options; ``faults`` may be `Fault` rules or mappings, and start counting anew."""
        self._do("configure", options=options)

    def expected_records(self, *streams: str) -> dict[str, list[Row]]:
        """Return the records that a tap is expected to return, every key a string.

        Args:
            streams: Names of streams, for example ``attendees``, or ``confirmations`` for the mails in their order;
                none: ``organizers``, ``webinars`` and ``registrants``.
        """
        return cast("dict[str, list[Row]]", self._do("expected_records", streams=streams))

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
        """Move a webinar, with all its times, to another start (ISO 8601); past sessions stay."""
        self._do("move_webinar", webinar_key=webinar_key, starts_at=starts_at)

    def reassign_webinar(self, webinar_key: Key, organizer_key: Key) -> None:
        """Hand a webinar over to another organizer of the account."""
        self._do("reassign_webinar", webinar_key=webinar_key, organizer_key=organizer_key)

    def cancel_webinar(self, webinar_key: Key) -> None:
        """Cancel a webinar: lists leave it out, and its own path responds with 404."""
        self._do("cancel_webinar", webinar_key=webinar_key)

    def add_registrants(self, webinar_key: Key, count: int = 1, *, people: Sequence[Row] | None = None) -> list[str]:
        """Register people at the end of the list, and return their keys.

        Args:
            webinar_key: For which webinar.
            count: How many made-up people, unless ``people`` is given.
            people: Fields of each, by their names in the API; missing fields are made up.
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
        """Change fields of a registrant by their names in the API; None removes an optional field."""
        self._do("change_registrant", webinar_key=webinar_key, registrant_key=registrant_key, fields=fields)

    def cancel_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Cancel a registration: the list leaves it out, and its own path responds with 404."""
        self._do("cancel_registrant", webinar_key=webinar_key, registrant_key=registrant_key)

    def hold_session(self, webinar_key: Key, attendees: Sequence[Key] | None = None, **times: str) -> str:
        """Add a session that is over to a webinar and return its key.

        Args:
            webinar_key: Of which webinar.
            attendees: The registrantKeys of all attendees; None: they are made up.
            times: ``startTime`` and ``endTime`` (ISO 8601); default: an hour that ends now.
        """
        return str(self._do("hold_session", webinar_key=webinar_key, attendees=attendees, times=times))

    def attend(self, webinar_key: Key, session_key: Key, registrant_key: Key, **times: str) -> None:
        """Add a time that a registrant spent in a session.

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
        """Add a poll that nobody has answered to a session; without choices its answers are free text."""
        self._in("add_poll", webinar_key, session_key, question=question, choices=choices)

    def answer_poll(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int = 0
    ) -> None:
        """Set an attendee's answers to the poll of this number (from 0); no answers: the attendee did not vote."""
        arguments = {"registrant_key": registrant_key, "answers": answers, "number": number}
        self._in("answer_poll", webinar_key, session_key, **arguments)

    def ask_question(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, question: str, **times: str
    ) -> None:
        """Add a question of an attendee, asked at ``dateAsked`` (ISO 8601; default: at the start)."""
        arguments = {"registrant_key": registrant_key, "question": question, "times": times}
        self._in("ask_question", webinar_key, session_key, **arguments)

    def add_panelist(self, webinar_key: Key) -> str:
        """Add a panelist and return the panelistId."""
        return str(self._do("add_member", webinar_key=webinar_key, kind="panelists"))

    def add_coorganizer(self, webinar_key: Key) -> str:
        """Add a co-organizer from outside the account and return the memberKey."""
        return str(self._do("add_member", webinar_key=webinar_key, kind="coorganizers"))

    def add_recording(self, webinar_key: Key, name: str = "A recording") -> str:
        """Add a recording made now and return its recordingAssetKey."""
        return str(self._do("add_recording", webinar_key=webinar_key, name=name))

    def expire_access_tokens(self) -> None:
        """Expire every access token now."""
        self._do("expire_access_tokens")

    def revoke_refresh_token(self) -> None:
        """Revoke every refresh token issued so far; the personal access token stays valid."""
        self._do("revoke_refresh_token")

    def _in(self, action: str, webinar_key: Key, session_key: Key, **arguments: object) -> None:
        self._do(action, webinar_key=webinar_key, session_key=session_key, **arguments)

    def _do(self, action: str, **arguments: object) -> object:
        with requests.Session() as session:
            # The sandbox is on this machine: never use a proxy of the environment.
            session.trust_env = False
            body = msgspec.json.encode(arguments)
            response = session.post(f"{self._base_url}/{action}", data=body, timeout=TIMEOUT)
        if response.status_code in {400, 404}:
            raise ValueError(response.json()["error"])
        response.raise_for_status()
        return cast("object", response.json())
