"""How OAuth says no."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class OAuthError(Exception):
    """A request was refused.

    Attributes:
        code: OAuth error code (RFC 6749, sections 4.1.2.1 and 5.2).
        description: The problem in words.
    """

    code: str
    description: str

    def plain(self) -> dict[str, str]:
        """Return the fields by which a client is told."""
        return {"error": self.code, "error_description": self.description}
