"""How long the fuzzing takes: seconds in the tests, minutes with `FUZZ=1000`, the examples of each property."""

import os

import hypothesis

ORDINARY = "18"

hypothesis.settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ", ORDINARY)),
    # The suite tries the same each time; a campaign tries something new.
    derandomize="FUZZ" not in os.environ,
    deadline=None,
    # Examples that failed are kept as `@example`, where everybody has them.
    database=None,
    print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
