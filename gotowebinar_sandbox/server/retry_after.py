"""The Retry-After header, in all the forms a server may choose."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def retry_after(wanted: float | str | None, wait: float) -> dict[str, str]:
    """Return the Retry-After header.

    Args:
        wanted: Seconds, ``"date"`` for an HTTP date ``wait`` seconds from now, any other text as it is, None for none.
        wait: Seconds until a call would be let in.
    """
    if wanted is None:
        return {}
    if wanted == "date":
        moment = datetime.now(UTC) + timedelta(seconds=math.ceil(wait))
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": f"{wanted:g}" if isinstance(wanted, float) else str(wanted)}
