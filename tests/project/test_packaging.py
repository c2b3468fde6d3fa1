"""What people install holds the schemas, however they install it."""

import configparser
import json
import os
import shutil
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.runs import output_of
from tests.schema_files import SCHEMA_FOLDER
from tests.sources import ROOT, needs_sources

# Fetching setuptools for an isolated build takes as long as the network does.
pytestmark = [pytest.mark.slow, pytest.mark.external, pytest.mark.timeout(900), needs_sources]

SCHEMA_NAMES = {path.name for path in SCHEMA_FOLDER.glob("*.json")}
SETUPTOOLS_MAJOR = 77
SHIPPED_PACKAGES = {"gotowebinar_sandbox", "tap_gotowebinar", "target_gotowebinar"}
NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "output")
LIST_SCHEMAS = """
import importlib.resources, json
found = importlib.resources.files("tap_gotowebinar.schemas")
print(json.dumps({item.name: [str(item), json.loads(item.read_text())["type"]]
                  for item in found.iterdir() if item.name.endswith(".json")}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that sees neither this checkout nor this test run."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("COV")
    }
    return output_of(command, cwd=cwd, env=environment)


def isolation() -> list[str]:
    """The build flag that spares the download where the environment has a fitting setuptools."""
    try:
        fits = int(version("setuptools").partition(".")[0]) >= SETUPTOOLS_MAJOR
    except PackageNotFoundError:
        fits = False
    return ["--no-isolation"] if fits else []


def build(source: Path, output: Path, *what: str) -> None:
    run(sys.executable, "-m", "build", *isolation(), *what, "--outdir", output, source, cwd=output.parent)


def copy_of_the_tree(destination: Path) -> Path:
    """A copy to build in, so that no leftover of a build lands in, or comes from, the checkout."""
    return Path(shutil.copytree(ROOT, destination, ignore=NOT_SOURCE))


def files_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def schemas_seen_by(*python: str | Path, program: str = LIST_SCHEMAS, cwd: Path) -> dict[str, tuple[Path, str]]:
    """Path and JSON type of each schema an interpreter finds through importlib.resources."""
    seen = json.loads(run(*python, "-c", program, cwd=cwd))
    return {name: (Path(path), kind) for name, (path, kind) in seen.items()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was built from it, not from the tree."""
    folder = tmp_path_factory.mktemp("packaging")
    tree = copy_of_the_tree(folder / "tree")
    build(tree, folder / "dist")
    shutil.rmtree(tree)
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (path,) = built.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a virtual environment that holds pip and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True, symlinks=True)
    return folder / "bin" / "python"


def sources() -> set[str]:
    """The files of the packages and the schemas, each where it is installed."""
    packages = {path for name in SHIPPED_PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()}
    schemas = {f"tap_gotowebinar/schemas/{name}" for name in (*SCHEMA_NAMES, "__init__.py")}
    return schemas | {path.relative_to(ROOT).as_posix() for path in packages if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_packages_the_schemas_and_nothing_else(wheel: Path) -> None:
    assert {f"{name}/py.typed" for name in SHIPPED_PACKAGES} <= sources()
    assert {name for name in files_in(wheel) if ".dist-info/" not in name} == sources()


def test_all_that_is_installed_with_meltano_and_target_postgres_fits_together(tmp_path: Path) -> None:
    for program in ("meltano", "target-postgres", "tap-gotowebinar"):
        assert Path(sys.executable).with_name(program).exists()
    assert run(sys.executable, "-m", "pip", "check", cwd=tmp_path) == "No broken requirements found.\n"


def test_the_wheel_installs_every_command(wheel: Path) -> None:
    entry_points = configparser.ConfigParser()
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        entry_points.read_string(archive.read(name).decode())
    assert dict(entry_points["console_scripts"]) == {
        "gotowebinar-sandbox": "gotowebinar_sandbox.cli:main",
        "tap-gotowebinar-login": "tap_gotowebinar.login.command:cli",
        "tap-gotowebinar": "tap_gotowebinar.tap:TapGoToWebinar.cli",
        "target-gotowebinar": "target_gotowebinar.target:TargetGoToWebinar.cli",
    }


def test_the_source_archive_holds_the_schemas_the_readme_and_the_licence(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert {f"schemas/{name}" for name in SCHEMA_NAMES} <= names


def test_the_wheel_built_from_the_tree_equals_the_one_built_from_the_source_archive(
    wheel: Path, tmp_path: Path
) -> None:
    build(copy_of_the_tree(tmp_path / "tree"), tmp_path / "dist", "--wheel")
    (from_tree,) = (tmp_path / "dist").glob("*.whl")
    assert files_in(from_tree) == files_in(wheel)


def test_an_installed_wheel_shows_its_schemas_where_no_source_tree_is_in_reach(
    wheel: Path, empty_environment: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install = ["-m", "pip", "install", "--no-deps", "--no-index"]
    run(empty_environment, *install, "--target", site, wheel, cwd=tmp_path)
    program = f"import sys; sys.path.insert(0, {str(site)!r})\n{LIST_SCHEMAS}"
    # -I and -S: neither the working directory, PYTHONPATH nor any installed package is on the path.
    seen = schemas_seen_by(empty_environment, "-I", "-S", program=program, cwd=tmp_path)
    installed = site / "tap_gotowebinar" / "schemas"
    assert seen == {name: (installed / name, "object") for name in SCHEMA_NAMES}


def test_an_editable_install_shows_the_schemas_of_the_tree_and_one_added_later(
    empty_environment: Path, tmp_path: Path
) -> None:
    tree = copy_of_the_tree(tmp_path / "tree")
    run(empty_environment, "-m", "pip", "install", "--no-deps", "--editable", tree, cwd=tmp_path)
    added = tree / "schemas" / "added_later.json"
    added.write_text('{"type": "object"}')
    seen = schemas_seen_by(empty_environment, "-I", cwd=tmp_path)
    assert seen == {name: (tree / "schemas" / name, "object") for name in {*SCHEMA_NAMES, added.name}}
