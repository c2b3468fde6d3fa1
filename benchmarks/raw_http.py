"""The minimum work of any tap: read the same responses, decode them and write the rows, without state and schema.

What it takes shows how much of a measurement is the server's; what it reads says what the others must find.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import urllib3

PAGE = 200
OK = 200


class Reader:
    """Reads all data of an organizer."""

    def __init__(self, settings: Mapping[str, Any], workers: int) -> None:
        """Get a token.

        Args:
            settings: Those of the plain tap.
            workers: Calls in flight at the most.
        """
        self._pool = urllib3.PoolManager(maxsize=workers)
        basic = urllib3.make_headers(basic_auth=f"{settings['client_id']}:{settings['client_secret']}")
        form = {"grant_type": "refresh_token", "refresh_token": settings["refresh_token"]}
        url = f"{settings['auth_url']}/oauth/token"
        answer = self._pool.request("POST", url, fields=form, headers=basic, encode_multipart=False)
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        self._base = f"{settings['api_url']}/G2W/rest/v2/organizers/{settings['organizer_key']}"
        self._threads = ThreadPoolExecutor(workers)

    def read(self, *, details: bool) -> None:
        """Write all rows as RECORD messages."""
        webinars = self._webinars()
        _write("webinars", webinars)
        keys = [row["webinarKey"] for row in webinars]
        paths = [f"/webinars/{key}/registrants" for key in keys]
        for key, path, rows in zip(keys, paths, self._threads.map(self._get, paths), strict=True):
            _write("registrants", rows, webinarKey=key)
            if details:
                each = self._threads.map(self._get, [f"{path}/{row['registrantKey']}" for row in rows])
                _write("registrant_details", list(each), webinarKey=key)

    def _webinars(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        window = "fromTime=2000-01-01T00:00:00Z&toTime=2099-01-01T00:00:00Z"
        page: dict[str, Any] = {}
        while len(rows) < page.get("totalElements", 1):
            answer = self._get(f"/webinars?{window}&size={PAGE}&page={page.get('number', -1) + 1}")
            page = answer["page"]
            rows += answer.get("_embedded", {"webinars": []})["webinars"]
        return rows

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        answer = self._pool.request("GET", self._base + path, headers=self._headers)
        if answer.status != OK:
            message = f"status {answer.status}"
            raise ValueError(message)
        return msgspec.json.decode(answer.data)


def _write(stream: str, rows: list[dict[str, Any]], **more: str) -> None:
    lines = [msgspec.json.encode({"type": "RECORD", "stream": stream, "record": {**row, **more}}) for row in rows]
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in lines))


def main() -> None:
    """Read the data that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--details", action="store_true")
    chosen = parser.parse_args()
    reader = Reader(json.loads(chosen.config.read_text(encoding="utf-8")), chosen.workers)
    reader.read(details=chosen.details)


if __name__ == "__main__":
    main()
