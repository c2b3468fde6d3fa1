"""What people see in a browser when a client asks for access: plain HTML that needs nothing from elsewhere."""

from html import escape

from starlette.responses import HTMLResponse

from gotowebinar_sandbox.data.models import Organizer

BAD_REQUEST = 400
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
  main {{ max-width: 34rem; margin: 10vh auto; padding: 0 1rem }}
  button {{ font: inherit; padding: .5rem 1.5rem; margin-right: .5rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_QUESTION = """<p>You are signed in to the GoToWebinar sandbox as <strong>{name}</strong> ({email}).</p>
<p>The client <code>{client}</code> asks for access to your account. Scopes: <code>{scope}</code></p>
<form method="post">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>"""


def question(owner: Organizer, client_id: str, scope: str) -> HTMLResponse:
    """Return the page that asks whether a client may have access; it posts ``decision`` to its own address."""
    words = {"name": owner.name, "email": owner.email, "client": client_id, "scope": scope}
    content = _QUESTION.format(**{name: escape(word) for name, word in words.items()})
    return HTMLResponse(_FRAME.format(title="Allow access?", content=content))


def dead_end(problem: str) -> HTMLResponse:
    """Return the page for a request that may not be sent back to where it came from."""
    return HTMLResponse(
        _FRAME.format(title="This link does not work", content=f"<p>{escape(problem)}</p>"), BAD_REQUEST
    )
