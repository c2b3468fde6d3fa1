"""People who have not been answered for, in the order of the input, and the STATE messages that wait for them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        stream: Name of the stream of the record.
        person: Who it is.
        webinar_key: For which webinar.
        organizer_key: Whose webinar it is.
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

        No pool of `concurrent.futures`: its threads keep a process that was stopped alive until their calls end.
        """
        self.result.set_running_or_notify_cancel()
        self.result.add_done_callback(lambda _: on_done(self))
        threading.Thread(target=self._call, args=(client,), daemon=True, name="registration").start()

    @property
    def is_started(self) -> bool:
        """Whether the call is under way or has ended."""
        return self.result.running() or self.result.done()

    def _call(self, client: RegistrantClient) -> None:
        try:
            self.result.set_result(client.register(self.person, self.organizer_key))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self.result.set_exception(error)


class PendingRegistrations:
    """People and STATE messages in the order of the input.

    A STATE is kept with the last person before it. When that person is answered for, it moves to the one before, whose
    own STATE is older and not needed any more; with nobody before, it may be passed on.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._people: list[Registration] = []
        self._keeps_states = True

    def __iter__(self) -> Iterator[Registration]:
        """Iterate over the people."""
        return iter(self._people)

    def __len__(self) -> int:
        """Return how many people are pending."""
        return len(self._people)

    @property
    def is_full(self) -> bool:
        """Whether the input is to be read no further for now."""
        return len(self) >= MAX_PEOPLE or sum(len(person.state or b"") for person in self) > MAX_STATE_BYTES

    def add(self, registration: Registration) -> None:
        """Add the next person of the input."""
        self._people.append(registration)

    def add_state(self, state: bytes) -> bytes | None:
        """Add the next STATE of the input; return it if it may be passed on at once."""
        if not self._keeps_states:
            return None
        if not self._people:
            return state
        self._people[-1].state = state
        return None

    def remove(self, registration: Registration) -> bytes | None:
        """Remove a person who has been answered for; return the STATE that may be passed on now."""
        index = self._people.index(registration)
        del self._people[index]
        if index and registration.state is not None:
            self._people[index - 1].state = registration.state
        return None if index else registration.state

    def give_up(self, registration: Registration) -> None:
        """Remove a person who has not been answered for, and every STATE from there on."""
        index = self._people.index(registration)
        del self._people[index]
        for later in self._people[index:]:
            later.state = None
        self._keeps_states = False
