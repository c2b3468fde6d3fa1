"""Settings from a file or the environment, and the errors of their form.

Error texts never hold a value: a secret in the wrong place would end up in a log.
"""

import contextlib
import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final

from jsonschema import ValidationError

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.api.redaction import mask

_FORMS: Final = {
    "array": "must be one key, several with commas between them, or a list of keys",
    "object": "must be a JSON object",
}
"""What a setting must be, by its type; of other types the name says it."""

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off", ""), False),
}

MAX_FILE: Final = 256 * 1024 * 1024
"""Characters of a file of the command line: a device may never end."""

_KEY: Final = re.compile(r"[0-9]{1,19}")


def environment_prefix(program: str) -> str:
    """Return the prefix of the environment variables of a program."""
    return program.upper().replace("-", "_") + "_"


def json_object(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    """Return the JSON object in a file; None without a file. Raises GoToWebinarError for any other content."""
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


def optional_text(config: Mapping[str, Any], name: str) -> str | None:
    """Return a setting without blanks around it; None if it is empty or not set."""
    value = config.get(name)
    return (str(value).strip() or None) if value is not None else None


def schema_problem(error: ValidationError, prefix: str, unknown: Mapping[str, str] | None = None) -> str:
    """Return a line, without the value, about a setting that does not fit the schema.

    `prefix` is that of the program's environment variables; one of the `unknown_settings` may be meant to be a missing
    one.
    """
    if error.validator == "required":
        missing = next((name for name in _names(error.validator_value) if f"'{name}'" in error.message), "a setting")
        line = f"{missing} is missing: set it in the configuration or as {prefix}{missing.upper()}"
        likely = [name for name, meant in (unknown or {}).items() if meant in {missing, prefix + missing.upper()}]
        return f"{line} ({likely[0]} is not a setting: did you mean {missing}?)" if likely else line
    name = str(error.path[0]) if error.path else "the configuration"
    types = _names(error.validator_value)
    expected = {
        "type": next((_FORMS[kind] for kind in types if kind in _FORMS), f"must be of type {_one_of(types)}"),
        "enum": f"must be one of {_one_of(error.validator_value)}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "oneOf": "must hold texts or whole numbers",
        "format": f"must be a {error.validator_value}",
    }
    return f"{name} {expected.get(str(error.validator), 'is not valid')}: correct it"


def environment_settings(names: Iterable[str], environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the settings that environment variables hold, as texts."""
    variables = {name: prefix + name.upper() for name in names}
    return {name: environ[variable] for name, variable in variables.items() if variable in environ}


def unknown_settings(
    config: Mapping[str, Any], names: Iterable[str], environ: Mapping[str, str], prefix: str
) -> dict[str, str]:
    """Return the names in a configuration, and the variables with a prefix, that are none of the `names` of settings.

    Each name is masked, and leads to the one that may be meant, or to an empty text.
    """
    known = list(names)

    def meant(name: str) -> str:
        return next(iter(difflib.get_close_matches(name.lower().removeprefix(prefix.lower()), known, 1)), "")

    found = {name: meant(name) for name in config if name not in known}
    for variable in (name for name in environ if name.startswith(prefix)):
        name = f"_{variable.removeprefix(prefix).lower()}_"
        # Meltano exports its own options with two underscores, parts of objects (`stream_maps_webinars`), and the
        # settings of a plugin whose name goes on (`sales_client_id` of tap-gotowebinar-sales).
        is_known = "__" in name or any(f"_{part.lower()}_" in name for part in (*known, *config, "loglevel"))
        if not is_known:
            close = meant(variable)
            found[variable] = close and prefix + close.upper()
    return {mask(name) or "a name": close for name, close in found.items()}


def typed_settings(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the declared types: those of the environment are texts, and one key is a list of keys.

    A text that cannot be read stays as it is, so that the schema rejects it. The SDK's own reader shows values in its
    errors, and takes a misspelt `true` for false.
    """
    settings = dict(config)
    for name, declared in schema.get("properties", {}).items():
        value, types = settings.get(name), declared.get("type", [])
        is_key_alone = "array" in types and isinstance(value, int) and not isinstance(value, bool)
        if is_key_alone or (isinstance(value, str) and "string" not in types):
            with contextlib.suppress(ValueError, KeyError, RecursionError):
                settings[name] = _read(str(value), types)
    return settings


def _read(text: str, types: list[str]) -> object:
    if "integer" in types:
        return int(text)
    if "number" in types:
        return float(text)
    if "boolean" in types:
        return _BOOLEANS[text.lower()]
    return _keys(text) if "array" in types else json.loads(text, parse_constant=_refuse)


def _keys(text: str) -> list[Any]:
    """Return one key, several with commas between them, or a JSON list; no key of an empty text."""
    if text.lstrip().startswith("["):
        keys = json.loads(text, parse_constant=_refuse)
    else:
        keys = [key.strip() for key in text.split(",")] if text.strip() else []
    if not all(map(is_key, keys)):
        raise ValueError
    return keys  # type: ignore[no-any-return]  # JSON that begins with a bracket is a list


def unread_variables(
    errors: Iterable[str], schema: Mapping[str, Any], environ: Mapping[str, str], prefix: str
) -> list[str]:
    """Return the environment variables that hold the settings which these errors call missing."""
    lines = [line for error in errors for line in error.split("; ")]
    missing = {name for line in lines for name in line.partition(" is missing")[0].split(" or ")}
    variables = [prefix + name.upper() for name in schema.get("properties", {}) if name in missing]
    return [variable for variable in variables if variable in environ]


def is_key(value: object) -> bool:
    """Return whether a setting is the key of an organizer, an account or a webinar."""
    return _KEY.fullmatch(str(value).strip()) is not None


def key_problems(config: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield a line for each of these settings that is set and is no key."""
    for name in names:
        if not is_key(optional_text(config, name) or "0"):
            yield f"{name} is not a key: keys are whole numbers of up to 19 digits"


def number_problems(config: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield a line for each of these settings that is not finite; Python reads NaN from JSON."""
    for name in names:
        if isinstance(config.get(name), float) and not math.isfinite(config[name]):
            yield f"{name} is not a number: correct it"


def stream_map_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line if `stream_maps` is null, on which the SDK fails."""
    if "stream_maps" in config and config["stream_maps"] is None:
        yield "stream_maps is null: fill it or leave it out"


def _refuse(constant: str) -> None:
    msg = f"{constant} is not JSON"
    raise ValueError(msg)


def _one_of(value: object) -> str:
    return " or ".join(name for name in _names(value) if name != "null")


def _names(value: object) -> list[str]:
    return [str(item) for item in value if item is not None] if isinstance(value, list) else [str(value)]
