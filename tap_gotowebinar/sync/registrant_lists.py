"""The registrants of one webinar: a list that says whether it is complete, or an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.errors import RetriesExhaustedError
from tap_gotowebinar.api.responses import may_be_capped
from tap_gotowebinar.records.record_list import read_rows

if TYPE_CHECKING:
    from tap_gotowebinar.records.record_list import RecordList
    from tap_gotowebinar.sync.stream_client import StreamClient

logger = logging.getLogger("tap-gotowebinar")


def read_registrants(client: StreamClient, path: str, *, known: int) -> RecordList:
    """Return a webinar's registrants, each once.

    Args:
        client: Makes the calls; for any thread.
        path: The list's endpoint.
        known: How many registrants it had before. A list that lost more than half is read twice.
    """
    found = _read(client, path)
    return _read(client, path) if 2 * len(found) < known else found


def _read(client: StreamClient, path: str) -> RecordList:
    try:
        # Without `page` and `limit` the list is one consistent snapshot.
        page = client.get(path, responses.array)
    except RetriesExhaustedError as error:
        logger.info("%s; trying it in pages", error)
        return _read_pages(client, path)
    if may_be_capped(page):
        total = client.get(path, responses.array, params={"page": 0, "limit": 1}).total
        if total is not None and total > len(page.rows):
            return _read_pages(client, path)
    elif page.total is not None and len(page.rows) != page.total:
        return _read_pages(client, path)
    return read_rows(client.reader, page.rows)


def _read_pages(client: StreamClient, path: str) -> RecordList:
    return client.get_pages(path, responses.array, "registrantKey", size="limit")
