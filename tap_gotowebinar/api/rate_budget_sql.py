"""The statements of `SharedRateLimiter`: a row for each budget, its gate, and a row for each slot in use.

`{now}` stands for the time. All lengths are seconds.
"""

from __future__ import annotations

from typing import Final

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
