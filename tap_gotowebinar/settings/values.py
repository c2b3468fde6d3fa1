"""Settings as they come in, from a file or the environment: read with care, and what is wrong with their form.

Knows no setting by name. Error texts never hold a value: a secret in the wrong place would end up in a log.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.errors import GoToWebinarError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import IO

    from jsonschema import ValidationError

_FORMS: Final = {
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "one key, several with commas between them, or a JSON list",
}
"""What a variable may hold, by the type of its setting; lists are lists of keys."""

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off", ""), False),
}
"""What a variable may say for true and false; the SDK takes everything else for false, a misspelt `true` too."""

MAX_FILE: Final = 256 * 1024 * 1024
"""Characters of a file of the command line; a device that never ends would take memory without end."""

_KEY: Final = re.compile(r"[0-9]{1,19}")


def environment_prefix(program: str) -> str:
    """Return what the environment variables of a program's settings begin with."""
    return program.upper().replace("-", "_") + "_"


def json_object(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    """Return the JSON object that a file of the command line holds; None without a file.

    Raises:
        GoToWebinarError: it holds something else.
    """
    if file is None:
        return None
    try:
        written = file.read(MAX_FILE + 1)
        if len(written) > MAX_FILE:
            msg = f"the file of {option} is larger than {MAX_FILE // 1024**2} MiB: name another one"
            raise GoToWebinarError(msg)
        value = json.loads(written, parse_constant=_refuse)
    except (ValueError, RecursionError):
        msg = f"the file of {option} is not JSON: correct it or leave the option out"
        raise GoToWebinarError(msg) from None
    if not isinstance(value, dict):
        msg = f"the file of {option} does not hold a JSON object: correct it or leave the option out"
        raise GoToWebinarError(msg)
    return value


def text(config: Mapping[str, Any], name: str) -> str | None:
    """Return a setting without blanks around it; None when nothing is left: an empty text means not set."""
    value = config.get(name)
    return (str(value).strip() or None) if value is not None else None


def with_numbers(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which numbers are numbers: those of the environment are texts."""
    settings = dict(config)
    for name, declared in schema.get("properties", {}).items():
        value = settings.get(name)
        if isinstance(value, str) and "number" in declared.get("type", []):
            with contextlib.suppress(ValueError):
                settings[name] = float(value)
        elif isinstance(value, str | int) and not isinstance(value, bool) and "array" in declared.get("type", []):
            with contextlib.suppress(ValueError):
                settings[name] = _keys(str(value))
    return settings


def schema_problem(error: ValidationError, prefix: str) -> str:
    """Return a line about a setting that does not fit the settings schema, without its value.

    Args:
        error: What the schema's validator found.
        prefix: What the environment variables of the program's settings begin with.
    """
    if error.validator == "required":
        missing = next((name for name in _names(error.validator_value) if f"'{name}'" in error.message), "a setting")
        return f"{missing} is missing: set it in the configuration or as {prefix}{missing.upper()}"
    name = str(error.path[0]) if error.path else "the configuration"
    expected = {
        "type": f"must be of type {_one_of(error.validator_value)}",
        "enum": f"must be one of {_one_of(error.validator_value)}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "oneOf": "must hold texts or whole numbers",
        "format": f"must be a {error.validator_value}",
    }
    return f"{name} {expected.get(str(error.validator), 'is not valid')}: correct it"


def environment_settings(
    schema: Mapping[str, Any], environ: Mapping[str, str], prefix: str
) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that environment variables hold, and a line for each variable that cannot be read."""
    settings, problems = {}, []
    for name, declared in schema.get("properties", {}).items():
        variable = prefix + name.upper()
        types = declared.get("type", [])
        if variable not in environ:
            continue
        try:
            settings[name] = _read(environ[variable], types)
        except (ValueError, KeyError, RecursionError):
            form = next((form for name, form in _FORMS.items() if name in types), "JSON, such as {}")
            problems.append(f"{name} is not valid: the environment variable {variable} must hold {form}")
    return settings, problems


def _read(written: str, types: list[str]) -> Any:  # noqa: ANN401 - JSON
    if "integer" in types:
        return int(written)
    if "boolean" in types:
        return _BOOLEANS[written.lower()]
    if "array" in types:
        return _keys(written)
    if "object" in types:
        return json.loads(written, parse_constant=_refuse)
    return written


def _keys(written: str) -> list[Any]:
    """Return keys in one of the forms of `_FORMS`; none of an empty text, which means not set."""
    if written.lstrip().startswith("["):
        keys = json.loads(written, parse_constant=_refuse)
    else:
        keys = [key.strip() for key in written.split(",")] if written.strip() else []
    if not all(map(is_key, keys)):
        raise ValueError
    return keys  # type: ignore[no-any-return]  # JSON that begins with a bracket is a list


def unread_variables(
    errors: Iterable[str], schema: Mapping[str, Any], environ: Mapping[str, str], prefix: str
) -> list[str]:
    """Return the environment variables that hold what is missing.

    Args:
        errors: What is said of settings for which the environment was not read.
        schema: The settings schema.
        environ: The environment.
        prefix: What the environment variables of the program's settings begin with.
    """
    missing = {name for error in errors for name in error.partition(" is missing")[0].split(" or ")}
    variables = [prefix + name.upper() for name in schema.get("properties", {}) if name in missing]
    return [variable for variable in variables if variable in environ]


def is_key(value: object) -> bool:
    """Whether a setting is the key of an organizer, an account or a webinar."""
    return _KEY.fullmatch(str(value).strip()) is not None


def key_problems(config: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield a line for each of these settings that is set and no key."""
    for name in names:
        if not is_key(text(config, name) or "0"):
            yield f"{name} is not a key: keys are whole numbers of up to 19 digits"


def number_problems(config: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield a line for each of these settings that is not finite: JSON has no NaN, but Python reads it all the same."""
    for name in names:
        if isinstance(config.get(name), float) and not math.isfinite(config[name]):
            yield f"{name} is not a number: correct it"


def stream_map_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line when the SDK would stumble over its own `stream_maps`."""
    if "stream_maps" in config and config["stream_maps"] is None:
        yield "stream_maps is null: fill it or leave it out"


def _refuse(constant: str) -> None:
    msg = f"{constant} is not JSON"
    raise ValueError(msg)


def _one_of(value: object) -> str:
    return " or ".join(name for name in _names(value) if name != "null")


def _names(value: object) -> list[str]:
    return [str(item) for item in value if item is not None] if isinstance(value, list) else [str(value)]
