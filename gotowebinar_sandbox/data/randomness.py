"""The only source of chance: everything made up comes from named, seeded dice."""

from hashlib import blake2b
from random import Random

THROW_BYTES = 7


def seeded_random(*names: object) -> Random:
    """Return a random generator that depends on nothing but the names given.

    Args:
        names: What is drawn, for example the seed, a webinarKey and ``"registrants"``.
    """
    return Random("/".join(map(str, names)))  # noqa: S311 - made-up data, never a secret


def long_key(rng: Random) -> int:
    """Draw a key as GoTo's are: 18 to 19 digits, above 2^53, inside int64 (API reference, section 1)."""
    return rng.randrange(10**17, 9 * 10**18)


def with_probability(rng: Random, probability: float) -> bool:
    """Throw the dice: true with this probability."""
    return rng.random() < probability


def random_fraction(*names: object) -> float:
    """Draw one number from 0 to 1 that depends on nothing but the names given; far cheaper than dice for a throw."""
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=THROW_BYTES).digest()
    return int.from_bytes(digest) / (1 << 8 * THROW_BYTES)
