"""What happens around sessions while the tap runs: people turn up in them, ask and answer; webinars get helpers."""

import datetime as dt
from random import Random
from typing import Any

from gotowebinar_sandbox import Control

Row = dict[str, Any]


class SessionMutations:
    """Changes in sessions that ended after some time, and the parts of webinars that change seldom."""

    def __init__(self, control: Control, rng: Random, settled_before: dt.datetime) -> None:
        self._control = control
        self._rng = rng
        self._settled_before = settled_before.isoformat()
        self._said = 0

    def hold_session(self) -> None:
        """Let a session that nobody had planned be over."""
        if session := self._session():
            self._control.hold_session(session["webinarKey"])

    def follow_up(self) -> None:
        """Let links of a session be clicked later."""
        if session := self._session():
            self._said += 1
            self._control.follow_up(session["webinarKey"], session["sessionKey"], numRegLinkClicks=self._said)

    def ask(self) -> None:
        if guest := self._guest():
            key = guest["registrantKey"]
            self._control.ask_question(guest["webinarKey"], guest["sessionKey"], key, f"Why {self._new_text()}?")

    def vote(self) -> None:
        if guest := self._guest():
            where = guest["webinarKey"], guest["sessionKey"]
            polls = [row for row in self._control.expected_records("polls")["polls"] if row["sessionKey"] == where[1]]
            self._control.add_poll(*where, f"Who {self._new_text()}?", ["you", "me"])
            self._control.answer_poll(*where, guest["registrantKey"], ["me"], len(polls))

    def help(self) -> None:
        """Give a webinar a panelist, a co-organizer or a recording."""
        webinar = self._rng.choice(self._control.expected_records()["webinars"])
        add = self._rng.choice((self._control.add_panelist, self._control.add_coorganizer, self._control.add_recording))
        add(webinar["webinarKey"])

    def _session(self) -> Row | None:
        sessions = [
            row
            for row in self._control.expected_records("sessions")["sessions"]
            if row["endTime"] > self._settled_before
        ]
        return self._rng.choice(sessions) if sessions else None

    def _guest(self) -> Row | None:
        session = self._session()
        rows = self._control.expected_records("attendees")["attendees"] if session else []
        guests = [row for row in rows if session and row["sessionKey"] == session["sessionKey"]]
        return self._rng.choice(guests) if guests else None

    def _new_text(self) -> str:
        self._said += 1
        return str(self._said)
