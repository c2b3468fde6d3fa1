"""What `make test` leaves to `make test-all`."""

from typing import Any

import pytest


def slow(*values: object) -> list[Any]:
    """Return values of a parameter with which a test runs in `make test-all` only."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]
