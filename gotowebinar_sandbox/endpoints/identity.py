"""The two endpoints that describe the owner of a token (API reference, section 2.5)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.data.models import format_time
from gotowebinar_sandbox.endpoints.errors import json_response, not_permitted
from gotowebinar_sandbox.state import SandboxState

LOCALE = "en_US"


class IdentityEndpoints:
    """The user in the formats of the identity and the admin interface."""

    def __init__(self, state: SandboxState) -> None:
        """Describe the owner of a world."""
        self._state = state
        self._world = state.world

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [Route("/identity/v1/Users/me", self.identity), Route("/admin/rest/v1/me", self.admin)]

    async def identity(self, _request: Request) -> Response:
        """Describe the user the SCIM way: every key a string."""
        if self._state.options.identity == "forbidden":
            raise not_permitted()
        owner, account = self._world.owner, self._world.account_key
        return json_response(
            {
                "id": str(owner.key),
                "userName": owner.email,
                "displayName": owner.name,
                "name": {"givenName": owner.first_name, "familyName": owner.last_name},
                "emails": [{"value": owner.email, "primary": True}],
                "locale": LOCALE,
                "timezone": "Europe/Oslo",
                "accounts": [{"value": str(account), "display": self._world.account_name, "entitlements": ["g2w"]}],
            },
        )

    async def admin(self, _request: Request) -> Response:
        """Describe the user the admin way: the user's own key a number."""
        if self._state.options.admin == "narrow":
            return json_response({"errorCode": "not.authenticated", "description": "Not authenticated."}, 401)
        owner, anchor, account = self._world.owner, self._world.anchor, self._world.account_key
        return json_response(
            {
                "key": owner.key,
                "accountKey": str(account),
                "email": owner.email,
                "firstName": owner.first_name,
                "lastName": owner.last_name,
                "locale": LOCALE,
                "createTime": format_time(anchor.replace(year=anchor.year - 6, day=1)),
                "accounts": [{"key": account, "name": self._world.account_name}],
            },
        )
