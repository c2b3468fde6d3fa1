"""The python client of the control endpoints, for a sandbox in this process or in another."""

from collections.abc import Sequence
from typing import Any

import requests

from gotowebinar_sandbox.options import to_plain

TIMEOUT = 60.0
Key = str | int


class Control:
    """Looks into a running sandbox and lets things happen in it.

    Keys go in as text or numbers, and come out as text.
    """

    def __init__(self, base_url: str) -> None:
        """Control the sandbox at this origin."""
        self._base_url = f"{base_url.rstrip('/')}/_sandbox"

    def calls(self) -> list[dict[str, Any]]:
        """Return every call but those to the control endpoints, in order of arrival.

        Each has ``n`` (running number), ``at`` and ``done`` (arrival and end, monotonic seconds of the machine),
        ``method``, ``path``, ``query`` (mapping), ``status`` (None: no answer) and ``fault`` (kind or None).
        """
        calls: list[dict[str, Any]] = self._ask("GET", "calls")
        return calls

    def reset_calls(self) -> None:
        """Forget the calls made so far, for the rate limits too."""
        self._ask("DELETE", "calls")

    def state(self) -> dict[str, Any]:
        """Return figures of the run so far.

        ``open`` and ``peak`` concurrent calls, ``refused`` (429 given), ``most_in_window`` and ``most_in_second``
        (the most API calls that arrived in any rate window or second, refused ones too), ``confirmations`` (mails
        that registrants would have got).
        """
        state: dict[str, Any] = self._ask("GET", "state")
        return state

    def options(self) -> dict[str, Any]:
        """Return the options in force."""
        options: dict[str, Any] = self._ask("GET", "options")
        return options

    def configure(self, **options: object) -> None:
        """Change options while it runs; faults may be `Fault` rules or mappings, and start counting anew.

        Raises:
            ValueError: An option that is unknown, fixed or of the wrong type.
        """
        self._ask("PATCH", "options", to_plain(options))

    def truth(self, *kinds: str) -> dict[str, list[dict[str, Any]]]:
        """Return all there is of these kinds, every key a string.

        Args:
            kinds: Names of streams, for example ``attendees``, or ``confirmations``, the mails that went out, in their
                order; none: ``organizers``, ``webinars`` and ``registrants``.

        Raises:
            ValueError: There is no such kind.
        """
        truth: dict[str, list[dict[str, Any]]] = self._ask("GET", f"truth?kinds={','.join(kinds)}")
        return truth

    def add_webinar(self, **fields: object) -> str:
        """Add a webinar and return its key.

        Args:
            fields: By their names on the wire: ``subject``, ``times`` (``[{startTime, endTime}]``), ``organizerKey``,
                ``approvalType``, ``registrationLimit``, ``recurrenceKey`` (of a series) and so on;
                ``registrationClosed``; ``requiredFields``, names of standard fields that must be filled in;
                ``questions``, texts of custom questions that must be answered.
        """
        return str(self._ask("POST", "webinars", fields)["webinarKey"])

    def move_webinar(self, webinar_key: Key, starts_at: str) -> None:
        """Let a webinar start at another time (ISO 8601); all its times move along."""
        self._ask("POST", f"webinars/{webinar_key}/move", {"startsAt": starts_at})

    def reassign_webinar(self, webinar_key: Key, organizer_key: Key) -> None:
        """Hand a webinar over to another organizer of the account."""
        self._ask("POST", f"webinars/{webinar_key}/reassign", {"organizerKey": str(organizer_key)})

    def cancel_webinar(self, webinar_key: Key) -> None:
        """Cancel a webinar: it is gone from the lists, and a row of ``truth("webinar_removals")``."""
        self._ask("DELETE", f"webinars/{webinar_key}")

    def add_registrants(
        self,
        webinar_key: Key,
        count: int = 1,
        *,
        people: Sequence[dict[str, Any]] | None = None,
    ) -> list[str]:
        """Register so many people, or these, and return their keys.

        Args:
            webinar_key: For which webinar.
            count: How many made-up people, if none are given.
            people: Fields of each, by their names on the wire; what is missing is made up.
        """
        body = {"people": [{}] * count if people is None else list(people)}
        keys: list[str] = self._ask("POST", f"webinars/{webinar_key}/registrants", body)["registrantKeys"]
        return keys

    def approve_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Approve a registrant, who gets a joinUrl."""
        self.change_registrant(webinar_key, registrant_key, status="APPROVED")

    def deny_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Deny a registrant, who loses the joinUrl."""
        self.change_registrant(webinar_key, registrant_key, status="DENIED")

    def change_registrant(self, webinar_key: Key, registrant_key: Key, **fields: object) -> None:
        """Change fields of a registrant by their names on the wire; None takes an optional field away."""
        self._ask("PATCH", f"webinars/{webinar_key}/registrants/{registrant_key}", fields)

    def cancel_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Take a registrant off the list, past webinars included."""
        self._ask("DELETE", f"webinars/{webinar_key}/registrants/{registrant_key}")

    def hold_session(self, webinar_key: Key, attendees: Sequence[Key] | None = None, **times: str) -> str:
        """Let a session of a webinar have been held, planned or not, and return its key.

        Args:
            webinar_key: Of which webinar.
            attendees: The registrantKeys of all who attended; None: it is made up.
            times: ``startTime`` and ``endTime`` (ISO 8601); default: an hour that ends now.
        """
        guests = None if attendees is None else [str(key) for key in attendees]
        body = {"attendees": guests, **times}
        return str(self._ask("POST", f"webinars/{webinar_key}/sessions", body)["sessionKey"])

    def attend(self, webinar_key: Key, session_key: Key, registrant_key: Key, **times: str) -> None:
        """Let a registrant have been in a session, too, or once more.

        Args:
            webinar_key: Of which webinar.
            session_key: In which session.
            registrant_key: Who.
            times: ``joinTime`` and ``leaveTime`` (ISO 8601); default: from the start to the end.
        """
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/attendees/{registrant_key}", times)

    def follow_up(self, webinar_key: Key, session_key: Key, **counts: int) -> None:
        """Let more invitations have been opened or links followed.

        Args:
            webinar_key: Of which webinar.
            session_key: Of which session.
            counts: The new ``numRegLinkClicks`` and ``numOpenedInvitations``.
        """
        self._ask("PATCH", f"webinars/{webinar_key}/sessions/{session_key}", counts)

    def add_poll(self, webinar_key: Key, session_key: Key, question: str, choices: Sequence[str] = ()) -> None:
        """Add a poll to a session, which nobody has answered; without choices it is answered in words."""
        body = {"question": question, "choices": list(choices)}
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/polls", body)

    def add_survey_question(
        self,
        webinar_key: Key,
        session_key: Key,
        question: str,
        choices: Sequence[str] = (),
    ) -> None:
        """Add a question to the survey of a session, which nobody has answered."""
        body = {"question": question, "choices": list(choices)}
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/surveys", body)

    def answer_poll(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int = 0
    ) -> None:
        """Let an attendee answer the poll of this number (from 0), or answer it differently; no answers: not at all."""
        body = {"registrantKey": str(registrant_key), "answers": list(answers)}
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/polls/{number}", body)

    def answer_survey(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, answers: Sequence[str], number: int = 0
    ) -> None:
        """Let an attendee answer the survey question of this number (from 0), or answer it differently."""
        body = {"registrantKey": str(registrant_key), "answers": list(answers)}
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/surveys/{number}", body)

    def ask_question(
        self, webinar_key: Key, session_key: Key, registrant_key: Key, question: str, **times: str
    ) -> None:
        """Let an attendee have asked something, at ``dateAsked`` (ISO 8601); default: at the start."""
        body = {"registrantKey": str(registrant_key), "question": question, **times}
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/questions", body)

    def answer_question(self, webinar_key: Key, session_key: Key, answer: str, number: int = 0) -> None:
        """Answer the question of this number (from 0, as the session lists them) now."""
        self._ask("POST", f"webinars/{webinar_key}/sessions/{session_key}/questions/{number}", {"answer": answer})

    def add_panelist(self, webinar_key: Key) -> str:
        """Add somebody as a panelist and return the panelistId."""
        return str(self._ask("POST", f"webinars/{webinar_key}/panelists")["panelistId"])

    def remove_panelist(self, webinar_key: Key, panelist_id: Key) -> None:
        """Take a panelist away."""
        self._ask("DELETE", f"webinars/{webinar_key}/panelists/{panelist_id}")

    def add_coorganizer(self, webinar_key: Key) -> str:
        """Add somebody from outside as a co-organizer and return the memberKey."""
        return str(self._ask("POST", f"webinars/{webinar_key}/coorganizers")["memberKey"])

    def remove_coorganizer(self, webinar_key: Key, member_key: Key) -> None:
        """Take a co-organizer away."""
        self._ask("DELETE", f"webinars/{webinar_key}/coorganizers/{member_key}")

    def add_recording(self, webinar_key: Key, name: str = "A recording") -> str:
        """Add a recording made now and return its recordingAssetKey."""
        return str(self._ask("POST", f"webinars/{webinar_key}/recordings", {"name": name})["recordingAssetKey"])

    def expire_access_tokens(self) -> None:
        """Let every access token expire now."""
        self._ask("POST", "tokens/expire")

    def revoke_refresh_token(self) -> None:
        """Refuse every refresh token given out so far; the personal access token stays good."""
        self._ask("POST", "tokens/revoke")

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON has no narrower type
        with requests.Session() as session:
            # A sandbox is on this machine, whatever proxy the environment names.
            session.trust_env = False
            answer = session.request(method, f"{self._base_url}/{path}", json=body, timeout=TIMEOUT)
        if answer.status_code in {400, 404}:
            raise ValueError(answer.json()["error"])
        answer.raise_for_status()
        return answer.json() if answer.content else None
