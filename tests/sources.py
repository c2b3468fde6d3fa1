"""Where the sources are, if they are: against an installed wheel, the tests run in a folder without them."""

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
"""The repository."""

needs_sources = pytest.mark.skipif(
    not (ROOT / "tap_gotowebinar").is_dir(),
    reason="the sources are out of reach: the wheel is tested",
)
