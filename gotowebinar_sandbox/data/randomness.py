"""Random values that depend on names alone, so that the same seed makes the same world every time."""

from hashlib import blake2b
from random import Random

DIGEST_BYTES = 7


def seeded_random(*names: object) -> Random:
    """Return a generator seeded with names, for example seed, webinarKey and subject."""
    return Random("/".join(map(str, names)))  # noqa: S311 - made-up data, never a secret


def random_fraction(*names: object) -> float:
    """Return a number from 0 to 1 that depends on the names alone; far cheaper than a generator."""
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(digest) / (1 << 8 * DIGEST_BYTES)


def with_probability(rng: Random, probability: float) -> bool:
    """Return True with this probability."""
    return rng.random() < probability


def long_key(rng: Random) -> int:
    """Return a key like GoTo's: 18 to 19 digits, above 2^53, inside int64 (API reference, section 1)."""
    return rng.randrange(10**17, 9 * 10**18)
