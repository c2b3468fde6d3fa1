"""The plugin definitions for MeltanoHub, made from meltano.yml and the settings in the code."""

import io
import json
import operator
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from singer_sdk.plugin_base import PluginBase

from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.target import TargetGoToWebinar

REPOSITORY: Final = Path(__file__).parents[1]
VARIANT: Final = "gotowebinar"
"""The Hub names variants after the GitHub organization: put yours here when you hand them in."""

PLUGINS: Final[dict[str, tuple[type[PluginBase], str]]] = {
    "extractors": (TapGoToWebinar, "Webinars, registrants, attendance and engagement"),
    "loaders": (TargetGoToWebinar, "Registers people for webinars"),
}
"""Class and description of each kind of plugin."""


COPIED: Final = ("capabilities", "commands", "executable", "label", "name", "namespace", "select")
"""What stands in meltano.yml as the Hub wants it."""


def files() -> dict[Path, str]:
    """Return path and text of each definition; the paths are those of the Hub, below `_data/meltano`."""
    found = {}
    for kind, (plugin, about) in PLUGINS.items():
        path = REPOSITORY / "hub" / kind / plugin.name / f"{VARIANT}.yml"
        found[path] = yaml_of(definition(kind, plugin, about))
    return found


def definition(kind: str, plugin: type[PluginBase], about: str) -> dict[str, Any]:
    """Return what the Hub publishes about a plugin."""
    declared = declaration(kind, plugin.name)
    return {
        **{name: declared[name] for name in COPIED if name in declared},
        "description": about,
        "domain_url": "https://developer.goto.com/GoToWebinarV2",
        "keywords": ["api", "meltano_sdk"],
        "log_parser": "singer-sdk",
        "logo_url": f"/assets/logos/{kind}/gotowebinar.png",
        "maintenance_status": "active",
        "pip_url": "tap-gotowebinar",
        "quality": "unknown",
        "settings": settings(declared, plugin),
        "settings_group_validation": groups(plugin),
        "supported_python_versions": pythons(),
        "variant": VARIANT,
    }


def declaration(kind: str, name: str) -> dict[str, Any]:
    """Return the entry of a plugin in meltano.yml."""
    plugins = YAML(typ="safe").load(REPOSITORY / "meltano.yml")["plugins"][kind]
    return next(dict(plugin) for plugin in plugins if plugin["name"] == name)


def settings(declared: dict[str, Any], plugin: type[PluginBase]) -> list[dict[str, Any]]:
    """Return the settings of meltano.yml by name, with the defaults of the code."""
    schema = json.loads(json.dumps(plugin.config_jsonschema))
    plugin.append_builtin_config(schema)
    return [
        {**setting, **({"value": default} if default is not None else {})}
        for setting in sorted(declared["settings"], key=operator.itemgetter("name"))
        for default in [schema["properties"][setting["name"]].get("default")]
    ]


def groups(plugin: type[PluginBase]) -> list[list[str]]:
    """Return the combinations of settings that are enough: a token, or none after a login."""
    required: list[str] = plugin.config_jsonschema["required"]
    return [sorted(group) for group in ([*required, "personal_access_token"], [*required, "refresh_token"], required)]


def pythons() -> list[str]:
    """Return the versions of Python that pyproject.toml promises."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))


def yaml_of(content: dict[str, Any]) -> str:
    """Return a definition as the Hub keeps it: keys sorted, lists not indented, lines not broken."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=2, offset=0)
    yaml.width = 10_000
    text = io.StringIO()
    yaml.dump(in_order(content), text)
    return text.getvalue()


def in_order(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value whose maps are sorted by key."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value
