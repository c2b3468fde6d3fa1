"""The rate limiter that processes on several machines share: the slots of `RateLimiter` as rows in PostgreSQL.

A slot is free again one window after the call's *response*, by the clock of the database. Turns are given out ahead,
first come, first served: a process that gets a slot which is not free yet is told how long to wait. So no call is
overtaken, and no process polls. The slot of a process that died is free when its lease ends.
"""

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import psycopg
from psycopg_pool import ConnectionPool

from tap_gotowebinar.api.errors import SharedBudgetError
from tap_gotowebinar.api.rate_limiter import CLOCK_MARGIN, WINDOW

CONNECT_SECONDS: Final = 10
"""Seconds in which the database has to answer."""


# The statements: a row for each budget, its gate, and a row for each slot in use. `{now}` stands for the time; all
# lengths are seconds.

IS_CREATED: Final = "SELECT to_regclass('gotowebinar_rate_slot') IS NOT NULL"

CREATE: Final = """
SELECT pg_advisory_xact_lock(7071355); -- two that create one table at the same time stumble
CREATE TABLE IF NOT EXISTS gotowebinar_rate_gate (
    budget text PRIMARY KEY,
    opens_at timestamptz NOT NULL DEFAULT 'epoch',
    paused_until timestamptz NOT NULL DEFAULT 'epoch'
);
CREATE TABLE IF NOT EXISTS gotowebinar_rate_slot (
    budget text, slot int, is_held boolean NOT NULL, free_at timestamptz NOT NULL, PRIMARY KEY (budget, slot)
) WITH (fillfactor = 50);
"""

OPEN: Final = "INSERT INTO gotowebinar_rate_gate (budget) VALUES (%(budget)s) ON CONFLICT DO NOTHING"

TAKE: Final = """
-- A statement of its own: the next one sees what those before us in the queue for this row have written.
SELECT FROM gotowebinar_rate_gate WHERE budget = %(budget)s FOR UPDATE;
WITH clock AS MATERIALIZED (
    SELECT {now} AS now
), slots AS MATERIALIZED (
    SELECT slot, greatest(free_at, now) AS free_at, NOT is_held OR free_at <= now AS is_usable
    FROM gotowebinar_rate_slot, clock WHERE budget = %(budget)s AND slot <= %(per_window)s
), found AS MATERIALIZED (
    SELECT slot, free_at FROM slots WHERE is_usable
    UNION ALL
    SELECT count(slot) + 1, now FROM clock LEFT JOIN slots ON true GROUP BY now HAVING count(slot) < %(per_window)s
    ORDER BY free_at, slot LIMIT 1
), turn AS (
    UPDATE gotowebinar_rate_gate
    SET opens_at = greatest(opens_at, free_at) + %(spacing)s * interval '1 second'
    FROM found WHERE budget = %(budget)s
    RETURNING opens_at - %(spacing)s * interval '1 second' AS sends_at
), taken AS (
    INSERT INTO gotowebinar_rate_slot (budget, slot, is_held, free_at)
    SELECT %(budget)s, slot, true, sends_at + %(lease)s * interval '1 second' FROM found, turn
    ON CONFLICT (budget, slot) DO UPDATE SET is_held = true, free_at = EXCLUDED.free_at
)
SELECT slot, extract(epoch FROM sends_at - {now})::float FROM found, turn
"""
"""Gives out the slot that is free first, and the next turn at the gate, perhaps in the future; nothing if all slots are
with calls in flight."""

RESUME: Final = """
WITH turn AS (
    UPDATE gotowebinar_rate_gate
    SET opens_at = greatest(opens_at, paused_until) + %(spacing)s * interval '1 second'
    WHERE budget = %(budget)s AND paused_until > {now}
    RETURNING opens_at - %(spacing)s * interval '1 second' AS sends_at
), kept AS (
    UPDATE gotowebinar_rate_slot SET free_at = sends_at + %(lease)s * interval '1 second'
    FROM turn WHERE budget = %(budget)s AND slot = %(slot)s
)
SELECT extract(epoch FROM sends_at - {now})::float FROM turn
"""
"""Gives out another turn for a slot when there is a pause; nothing if there is none."""

GIVE: Final = """
UPDATE gotowebinar_rate_slot SET is_held = false, free_at = {now} + %(seconds)s * interval '1 second'
WHERE budget = %(budget)s AND slot = %(slot)s
"""

PAUSE: Final = """
UPDATE gotowebinar_rate_gate SET paused_until = greatest(paused_until, {now} + %(seconds)s * interval '1 second'),
    opens_at = greatest(opens_at, {now} + %(seconds)s * interval '1 second')
WHERE budget = %(budget)s
"""


class Turn(NamedTuple):
    """A slot, and how many seconds from now it may be used."""

    slot: int
    wait: float


class SharedRateLimiter:
    """A `RateLimiter` for all processes that name the same database and budget. Thread-safe.

    They have to use the same `per_window` and `per_second`. The database is first used by the first call. After
    `longest_call` seconds a call is over, whatever happens; `now` is the time in SQL.
    """

    def __init__(  # noqa: PLR0913 - what a budget is made of
        self,
        url: str,
        name: str,
        per_window: int,
        per_second: float,
        *,
        longest_call: float,
        window: float = WINDOW,
        now: str = "clock_timestamp()",
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """Do nothing yet."""
        self._url = url
        self._window = window * (1 + CLOCK_MARGIN)
        self._values = {"budget": name, "per_window": per_window, "spacing": 1 / per_second}
        self._values |= {"window": self._window, "lease": longest_call + self._window}
        self._now = now
        self._wait = wait
        self._queue = threading.Lock()
        self._held: set[int] = set()

    @contextlib.contextmanager
    def slot(self) -> Iterator[float]:
        """Hold a slot for one call, from before its request until its response.

        Yields:
            Seconds that the call was held back while it was the next of this process.

        Raises:
            SharedBudgetError: the database cannot be used.
        """
        with self._queue:
            its_turn = time.monotonic()
            slot = self._take_in_turn()
            waited = time.monotonic() - its_turn
        try:
            yield waited
        finally:
            self._give(slot, self._window)

    def pause(self, seconds: float) -> None:
        """Hold back all calls for `seconds`, as a 429 asks; raises SharedBudgetError if the database cannot be used."""
        self._run(PAUSE, seconds=seconds)

    def close(self) -> None:
        """Give back all slots, and close the connections to the database."""
        if "_pool" not in vars(self):
            return
        with contextlib.suppress(SharedBudgetError):
            for slot in tuple(self._held):
                # The request may still be on its way to GoTo.
                self._give(slot, 2 * self._window)
        self._pool.close()

    def _take_in_turn(self) -> int:
        while (turn := self._take()) is None:
            # A slot that is given back now is free only a window later.
            self._wait(self._window / 60)
        wait = turn.wait
        while wait > 0:
            self._wait(wait)
            wait = self._resume(turn.slot)
        return turn.slot

    def _take(self) -> Turn | None:
        """Return the next turn; None: all slots belong to calls in flight."""
        row = self._run(TAKE)
        if row is None:
            return None
        self._held.add(row[0])
        return Turn(*row)

    def _resume(self, slot: int) -> float:
        """Return the seconds still to wait: more than 0 when a pause began after the turn was given out."""
        row = self._run(RESUME, slot=slot)
        return float(row[0]) if row else 0.0

    def _give(self, slot: int, seconds: float) -> None:
        self._run(GIVE, slot=slot, seconds=seconds)
        self._held.discard(slot)

    def _run(self, statement: str, **values: float) -> tuple[Any, ...] | None:
        with _one_line(), self._pool.connection() as database:
            cursor = database.execute(statement.format(now=self._now).encode(), {**self._values, **values})
            while cursor.nextset():
                pass
            return cursor.fetchone() if cursor.description else None

    @functools.cached_property
    def _pool(self) -> ConnectionPool[psycopg.Connection[tuple[Any, ...]]]:
        # Its warnings name hosts and users; its errors are raised.
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
        with _one_line(), psycopg.connect(self._url, connect_timeout=CONNECT_SECONDS) as database:
            if database.execute(IS_CREATED).fetchone() != (True,):
                database.execute(CREATE)
            database.execute(OPEN, self._values)
        return ConnectionPool(
            self._url,
            min_size=1,
            max_size=3,
            open=True,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            check=ConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "connect_timeout": CONNECT_SECONDS,
                # Several statements at once, in one transaction.
                "cursor_factory": psycopg.ClientCursor,
                "application_name": "tap-gotowebinar",
            },
        )


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        # The texts of libpq name hosts and users, some of them the whole URL.
        msg = f"the database of rate_budget_url cannot be used ({type(error).__name__}): check it, and rate_budget_url"
        raise SharedBudgetError(msg) from None
