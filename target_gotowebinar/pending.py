"""People whose outcome is not known yet, in the order of the input, and the STATE messages that wait for them."""

from __future__ import annotations

import threading
from collections import UserList
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_gotowebinar.payload import NewRegistrant
    from target_gotowebinar.registration import RegistrantClient
    from target_gotowebinar.results import RegistrationResult

MAX_PEOPLE: Final = 1_000
"""People who are being registered or wait for their turn; then the input is read no further."""

MAX_STATE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of STATE that wait; then the input is read no further."""


class Registration:
    """A person to be registered.

    Attributes:
        result: What becomes of the person.
        state: The last STATE that came after this person and before the next one who is pending.
    """

    def __init__(self, stream: str, person: NewRegistrant, organizer_key: str) -> None:
        """Wait for `start`."""
        self.stream = stream
        self.person = person
        self.webinar_key = person.webinar_key or ""
        self.organizer_key = organizer_key
        self.result: Future[RegistrationResult] = Future()
        self.state: bytes | None = None

    def start(self, client: RegistrantClient, on_done: Callable[[Registration], object]) -> None:
        """Make the call in a thread of its own, which calls `on_done` at its end.

        Not in a pool of `concurrent.futures`: its threads keep a process that was stopped alive until they are done.
        """
        self.result.set_running_or_notify_cancel()
        self.result.add_done_callback(lambda _: on_done(self))
        threading.Thread(target=self._call, args=(client,), daemon=True, name="registration").start()

    def _call(self, client: RegistrantClient) -> None:
        try:
            self.result.set_result(client.register(self.person, self.organizer_key))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self.result.set_exception(error)


class PendingRegistrations(UserList[Registration]):
    """People in the order of the input, each with the STATE that came after.

    When the outcome of a person is known, the STATE moves to the one before, whose own STATE is older and not needed
    any more; with nobody before, it may be passed on.
    """

    _keeps_states = True

    @property
    def is_full(self) -> bool:
        """Whether the input is to be read no further for now."""
        return len(self) >= MAX_PEOPLE or sum(len(person.state or b"") for person in self) > MAX_STATE_BYTES

    def add_state(self, state: bytes) -> bytes | None:
        """Add the next STATE of the input; return it if it may be passed on at once."""
        if self and self._keeps_states:
            self[-1].state = state
        return None if self or not self._keeps_states else state

    def finish(self, registration: Registration) -> bytes | None:
        """Remove a person whose outcome is known; return the STATE that may be passed on now."""
        index = self.index(registration)
        del self[index]
        if index and registration.state is not None:
            self[index - 1].state = registration.state
        return None if index else registration.state

    def give_up(self, registration: Registration) -> None:
        """Remove a person whose outcome stays unknown, and every STATE from there on."""
        index = self.index(registration)
        del self[index]
        for later in self[index:]:
            later.state = None
        self._keeps_states = False
