"""Holds the shape of the package: who may import whom, and what stays out of where. Read with ast."""

import ast
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "rushes"

MAY_IMPORT = {
    "core": set(),
    "language": {"core"},
    "media": {"core"},
    "models": {"core"},
    "hub": {"core"},
    "hosted": {"core", "media"},
    "diffusion": {"core"},
    "world": {"core", "language", "media"},
    "engine": {"core", "models", "diffusion"},
    "finish": {"core", "media", "models"},
    "quality": {"core", "language", "media", "models"},
    "safety": {"core", "language", "media", "models"},
    "training": {"core", "language", "media", "models", "diffusion", "world"},
    "evaluation": {"core", "language", "media", "models", "engine", "finish", "quality", "world"},
    "compat": {"core", "language", "media", "models", "engine"},
    "studio": {"core", "language", "media"},
    "service": {"core", "language", "media", "studio", "safety"},
    "weights": set(),
    "__init__": {"core", "compat"},
    "__main__": {"cli"},
}
MAY_IMPORT["cli"] = set(MAY_IMPORT) - {"__main__"}

WITHOUT_TORCH = {"core", "hosted", "hub", "language", "media", "world", "studio", "service"}
TORCH_RENDERER = "rushes.world.raster"
"""Draws on a GPU: the one part of a package without torch that needs it, and is loaded only by name."""

NETWORK = {"aiohttp", "http", "httpx", "requests", "socket", "urllib", "urllib3"}
MODELS_ONLY_WHERE_USED = {"quality", "safety"}
TEST_ORACLES = {"diffusers", "transformers", "openai", "dashscope"}
LOCAL_LANGUAGE_MODEL = "rushes.cli.local_model"
"""Runs somebody's language model with transformers, an extra, where a project allows it."""

DISTRIBUTIONS = {
    "charset_normalizer": "charset-normalizer",
    "cv2": "opencv-python-headless",
    "skia": "skia-python",
    "PIL": "pillow",
    "opentelemetry": "opentelemetry-sdk",
    "prometheus_client": "prometheus-client",
}
BAGS = {"utils", "util", "common", "helpers", "helper", "misc"}


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, the dotted name it asks for, and whether it runs on import."""

    module: str
    target: str
    line: int
    at_module_level: bool

    @property
    def importer(self):
        """Package of ``rushes`` the import stands in; the file itself at the top level."""
        return unit(self.module)

    @property
    def imported(self):
        """Package of ``rushes`` that is asked for, or None for a foreign one."""
        return unit(self.target) if self.target.split(".")[0] == "rushes" else None

    def __str__(self):
        return f"{self.module}:{self.line} imports {self.target}"


def unit(dotted):
    """``rushes.engine.events`` -> ``engine``; ``rushes`` -> ``__init__``."""
    return [*dotted.split("."), "__init__"][1]


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path, tree):
    inside_functions = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(tree):
        at_module_level = id(node) not in inside_functions
        for target in targets(node, package):
            yield Import(module_name(path), target, node.lineno, at_module_level)


def targets(node, package):
    """Dotted names an import statement may load; ``from a import b`` gives ``a.b`` where that is a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*parents, *([node.module] if node.module else [])])
    names = [f"{base}.{alias.name}" for alias in node.names]
    return list(dict.fromkeys(name if name in MODULES else base for name in names))


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_name(path): path for path in FILES}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
IMPORTS = [found for name, path in MODULES.items() for found in imports_of(path, TREES[name])]
OWN = [found for found in IMPORTS if found.imported]
FOREIGN = [
    found
    for found in IMPORTS
    if not found.imported and found.target.split(".")[0] not in sys.stdlib_module_names
]


def listed(imports):
    return "\n".join(sorted(map(str, imports)))


def test_the_reader_sees_imports():
    """Guards the guard: a reader that finds nothing would pass everything below."""
    here = {(found.module, found.target, found.at_module_level) for found in OWN}
    assert ("rushes.core.shapes", "rushes.core.errors", True) in here
    assert any(found.target.split(".")[0] == "torch" for found in FOREIGN)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import rushes.core.errors", ["rushes.core.errors"]),
        ("from rushes.core import errors, shapes", ["rushes.core.errors", "rushes.core.shapes"]),
        ("from rushes.core.errors import UsageError", ["rushes.core.errors"]),
        ("from .errors import UsageError", ["rushes.core.errors"]),
        ("from . import errors", ["rushes.core.errors"]),
        ("from ..core.errors import UsageError", ["rushes.core.errors"]),
        ("from rushes import __version__", ["rushes"]),
    ],
)
def test_every_way_to_write_an_import_is_understood(source, expected):
    assert targets(ast.parse(source).body[0], "rushes.core") == expected


def test_every_package_stands_in_the_table():
    assert {unit(name) for name in MODULES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_table(package):
    allowed = MAY_IMPORT[package] | {package, "__init__"}
    wrong = [found for found in OWN if found.importer == package and found.imported not in allowed]
    assert not wrong, listed(wrong)


def test_no_import_cycle_between_modules():
    graph = {name: set() for name in MODULES}
    for found in OWN:
        graph[found.module].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(" -> ".join(reversed(cycle.args[1])))


def test_core_needs_nothing_but_the_standard_library():
    wrong = [found for found in FOREIGN if found.importer == "core"]
    assert not wrong, listed(wrong)


def test_torch_stays_out_where_a_page_or_a_lexicon_must_load_fast():
    wrong = [
        found
        for found in FOREIGN
        if found.importer in WITHOUT_TORCH and found.at_module_level and found.target.split(".")[0] == "torch"
        if not found.module.startswith(TORCH_RENDERER)
    ]
    assert not wrong, listed(wrong)


def test_only_the_hub_speaks_to_other_machines():
    """A model that is here needs no network: nothing that films could ask for one."""
    filming = {"core", "language", "media", "models", "diffusion", "engine", "world", "training"}
    wrong = [
        found
        for name in filming
        for found in IMPORTS
        if found.importer == name and found.target.split(".")[0] in NETWORK
    ]
    assert not wrong, listed(wrong)


def test_checks_and_gates_load_models_only_where_they_use_them():
    wrong = [
        found
        for found in OWN
        if found.importer in MODELS_ONLY_WHERE_USED and found.imported == "models" and found.at_module_level
    ]
    assert not wrong, listed(wrong)


def test_references_are_test_oracles_only():
    wrong = [
        found
        for found in FOREIGN
        if found.target.split(".")[0] in TEST_ORACLES
        and (found.module != LOCAL_LANGUAGE_MODEL or found.at_module_level)
    ]
    assert not wrong, listed(wrong)


def test_every_foreign_import_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    declared = {line.split(">")[0].split("[")[0].lower() for line in [*project["dependencies"], *extras]}
    for found in FOREIGN:
        name = found.target.split(".")[0]
        assert DISTRIBUTIONS.get(name, name) in declared, str(found)


def test_no_bag_of_everything():
    assert not [name for name in MODULES if BAGS & set(name.split("."))]


def test_the_denoising_loop_is_one_short_function():
    functions = [
        node
        for node in TREES["rushes.diffusion.sampler"].body
        if isinstance(node, ast.FunctionDef) and node.name == "sample"
    ]
    assert len(functions) == 1
    assert functions[0].end_lineno - functions[0].lineno + 1 < 50


def run_python(code, folder):
    """Standard output of ``code`` in a fresh interpreter whose home and working folder are ``folder``."""
    environment = {**os.environ, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def import_statements(units):
    return "".join(
        f"import {name}\n" for name in MODULES if unit(name) in units and name != "rushes.__main__"
    )


def test_packages_without_torch_load_without_torch(tmp_path):
    code = "\n".join(
        line
        for line in import_statements(WITHOUT_TORCH - {"service"}).splitlines()
        if not line.startswith(f"import {TORCH_RENDERER}")
    )
    loaded = run_python(f"{code}\nimport sys\nprint('torch' in sys.modules)", tmp_path)
    assert loaded == "False\n"


def test_importing_everything_works_says_nothing_and_leaves_nothing(tmp_path):
    assert run_python(import_statements(set(MAY_IMPORT)), tmp_path) == ""
    assert not list(tmp_path.iterdir())
