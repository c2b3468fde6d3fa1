"""The tap with a shorter rate window, so that a measurement takes seconds instead of minutes."""

import os

from tap_gotowebinar.tap import TapGoToWebinar

WINDOW_VARIABLE = "BENCHMARK_RATE_WINDOW"


class ScaledTap(TapGoToWebinar):
    """Counts calls in a window of the length that the environment names, in seconds."""

    rate_window = float(os.environ.get(WINDOW_VARIABLE, TapGoToWebinar.rate_window))


if __name__ == "__main__":
    ScaledTap.cli()
