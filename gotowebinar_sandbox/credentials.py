"""The credentials of a sandbox: they depend on its seed alone, so any process can know them."""

from dataclasses import dataclass

from gotowebinar_sandbox.data.randomness import seeded_random


@dataclass(frozen=True)
class Credentials:
    """What a GoTo developer and an organizer would hold, made up."""

    client_id: str
    client_secret: str
    refresh_token: str
    personal_access_token: str


def credentials(seed: int) -> Credentials:
    """Return the credentials of the sandbox with this seed."""
    rng = seeded_random(seed, "credentials")
    client, secret, refresh, personal = (f"{rng.getrandbits(128):032x}" for _ in range(4))
    return Credentials(
        client_id=f"client-{client}",
        client_secret=f"secret-{secret}",
        refresh_token=f"refresh-{refresh}",
        personal_access_token=f"personal-{personal}",
    )
