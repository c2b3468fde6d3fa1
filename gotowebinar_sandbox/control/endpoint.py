"""The control interface: ``POST /_sandbox/ACTION`` with the arguments as a JSON object. No token."""

from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gotowebinar_sandbox.control.changes import Changes, UnknownError
from gotowebinar_sandbox.control.expected import expected_records
from gotowebinar_sandbox.control.session_changes import SessionChanges
from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.state import SandboxState

Actions = dict[str, Callable[..., object]]


class ControlEndpoint:
    """The server side of `Control`."""

    def __init__(self, state: SandboxState) -> None:
        """Control a sandbox."""
        self._actions: Actions = {
            "calls": state.calls.plain,
            "reset_calls": state.reset_calls,
            "state": state.figures,
            "expected_records": lambda streams: expected_records(state, streams),
            "options": lambda: state.options.plain(),  # noqa: PLW0108 - the options change
            "configure": state.configure,
            "expire_access_tokens": state.tokens.expire,
            "revoke_refresh_token": state.tokens.revoke,
        }
        for changes in (Changes(state), SessionChanges(state)):
            public = [name for name in vars(type(changes)) if not name.startswith("_")]
            self._actions |= {name: getattr(changes, name) for name in public}

    async def act(self, request: Request) -> Response:
        """Run an action; respond with 404 to an unknown action or key, with 400 to wrong arguments."""
        try:
            action = self._actions[request.path_params["action"]]
        except KeyError as error:
            return json_response({"error": f"no such action: {error}"}, 404)
        try:
            return json_response(action(**msgspec.json.decode(await request.body())))
        except UnknownError as error:
            return json_response({"error": str(error)}, 404)
        except (ValueError, KeyError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
