"""A Singer tap for GoToWebinar."""

import gc

# The search for reference cycles would take a tenth of the start, and finds next to none.
gc.set_threshold(100_000)
