"""Registrations whose result is not known yet, in the order of the input, and the STATE messages that wait for them."""

import threading
from collections import UserList
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Self

from target_gotowebinar.payload import NewRegistrant
from target_gotowebinar.registration import RegistrantClient
from target_gotowebinar.results import RegistrationResult

MAX_PEOPLE: Final = 1_000
"""Maximum of registrations that are pending; then reading pauses."""

MAX_STATE_BYTES: Final = 8 * 1024 * 1024
"""Maximum bytes of STATE that wait; then reading pauses."""


@dataclass(eq=False)
class Registration:
    """A pending registration.

    Attributes:
        result: Its result, once known.
        state: The last STATE between this one and the next pending one.
    """

    stream: str
    person: NewRegistrant
    organizer_key: str
    result: Future[RegistrationResult] = field(default_factory=Future)
    state: bytes | None = None

    def start(self, client: RegistrantClient, on_done: Callable[[Self], object]) -> None:
        """Make the call in its own thread, which calls `on_done` at its end.

        The threads of a pool of `concurrent.futures` would keep a stopped process alive until they are done.
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
    """Registrations in the order of the input, each with the STATE after it.

    When a result is known, its STATE moves to the registration before, whose own older STATE is not needed any more;
    the STATE of the first one may be forwarded.
    """

    _keeps_states = True

    @property
    def is_full(self) -> bool:
        """Whether reading has to pause."""
        return len(self) >= MAX_PEOPLE or sum(len(pending.state or b"") for pending in self) > MAX_STATE_BYTES

    def add_state(self, state: bytes) -> bytes | None:
        """Add the next STATE of the input; return it if it may be forwarded at once."""
        if self and self._keeps_states:
            self[-1].state = state
        return None if self or not self._keeps_states else state

    def finish(self, registration: Registration) -> bytes | None:
        """Remove a registration whose result is known; return the STATE that may be forwarded now."""
        index = self.index(registration)
        del self[index]
        if index and registration.state is not None:
            self[index - 1].state = registration.state
        return None if index else registration.state

    def give_up(self, registration: Registration) -> None:
        """Remove a registration whose result stays unknown, and discard every STATE from there on."""
        index = self.index(registration)
        del self[index]
        for later in self[index:]:
            later.state = None
        self._keeps_states = False
