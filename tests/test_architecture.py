"""The house keeps its order: who may import whom, who may start a thread, and what an import costs."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dolly_widget

PACKAGE = Path(dolly_widget.__file__).parent
# Each imports only from those above it.
ORDER = [
    "sampling",
    "distribution",
    "prompts",
    "tokens",
    "labels",
    "colours",
    "departures",
    "draws",
    "candidates",
    "candidate_table",
    "rendering",
    "demo",
    "jobs",
    "apart",
    "devices",
    "progress",
    "weight_format",
    "model_info",
    "checkpoints",
    "repository",
    "hub",
    "store",
    "needs",
    "export",
    "conversion",
    "convert",
    "models",
    "engines",
    "engines.reasons",
    "engines.properties",
    "engines.answering",
    "engines.graphs",
    "engines.genai",
    "engines.optimum",
    "engines.guesses",
    "engines.cached",
    "engines.speculative",
    "engines.sharing",
    "exchange",
    "exchange_json",
    "exchange_markdown",
    "history",
    "as_code",
    "engines.streaming",
    "bandwidth",
    "weights_read",
    "bench_prompts",
    "bench",
    "bench_table",
    "bench_advice",
    "bench_plot",
    "reading",
    "lens",
    "coloured",
    "comparison_table",
    "comparison",
    "widget",
    "magic",
    "cli.command",
    "cli.interruptible",
    "cli.terminal",
    "cli.preparing",
    "cli.serving",
    "cli.app",
    "cli.ask",
    "cli.bench",
    "cli.convert",
    "cli.lab",
    "cli.models",
    "cli",
    "__main__",
    # Commands of the recipe, on top of all: nothing imports them.
    "demo.train",
    "demo.export",
    "demo.evaluate",
]
# What loads the others by name, when they are asked for; the annotations in it are for type checkers.
FACADE = "__init__"
# Chooses an engine by its name, and so reaches down to those that are there.
CHOOSERS = {"engines": {"engines.genai", "engines.optimum", "engines.speculative"}}
WIDGETS = {"ipywidgets", "IPython", "anywidget", "traitlets"}
HEAVY = ("torch", "transformers", "optimum", "nncf")
THREADS = {
    "threading.Thread",
    "threading.Timer",
    "_thread",
    "concurrent",
    "multiprocessing",
    "asyncio",
    "torch.multiprocessing",
}
# Their child processes and the training's workers are no threads of a notebook.
MAY_START_PROCESSES = ("convert", "demo.train")


def every_module():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if "notebooks" not in parts:
            name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
            yield pytest.param(name, path, id=name)


MODULES = pytest.mark.parametrize(("name", "path"), list(every_module()))


def is_for_type_checkers(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def walk(node, skip=lambda node: False):
    for child in ast.iter_child_nodes(node):
        if not skip(child):
            yield child
            yield from walk(child, skip)


def imports(path, name, skip=lambda node: False):
    """Full names of all that a file imports, inside functions too: "threading.Event", "dolly_widget.tokens"."""
    package = ["dolly_widget", *(name.split(".") if path.name == "__init__.py" else name.split(".")[:-1])]
    package = [part for part in package if part != "__init__"]
    for node in walk(ast.parse(path.read_text(encoding="utf-8")), skip):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = package[: len(package) + 1 - node.level] if node.level else []
            home += [node.module] if node.module else []
            yield from (".".join([*home, alias.name]) for alias in node.names)


def uses(path, name):
    """What a file imports, and every dotted name that it reads."""
    yield from imports(path, name)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def starts_with(name, prefix):
    return name == prefix or name.startswith(f"{prefix}.")


def floor_of(name):
    """The entry of ORDER that a module belongs to: its own name, or the nearest package above it."""
    return next((entry for entry in sorted(ORDER, key=len, reverse=True) if starts_with(name, entry)), None)


def own(name, path):
    """The project's modules that a file imports, without the package's name."""
    for imported in imports(path, name):
        if starts_with(imported, "dolly_widget"):
            yield imported.removeprefix("dolly_widget").lstrip(".") or FACADE


@MODULES
def test_a_module_imports_only_from_those_above_it(name, path):
    if name == FACADE:
        return
    floor = floor_of(name)
    assert floor, f"{name} has no place in the order: give it one, here and in the design"
    for imported in own(name, path):
        if imported in ("__version__", FACADE):
            continue
        above = floor_of(imported)
        assert above, f"{name} imports {imported}, which has no place in the order"
        if above == floor or above in CHOOSERS.get(name, ()):
            continue
        assert ORDER.index(above) < ORDER.index(floor), f"{name} imports {imported} from below"


@MODULES
def test_only_the_widget_layer_imports_widgets(name, path):
    if starts_with(name, "widget"):
        return
    allowed = {"IPython"} if starts_with(name, "magic") else set()
    found = {imported.split(".")[0] for imported in imports(path, name)} & WIDGETS - allowed
    assert not found, f"{name} imports {found}"
    if name not in (FACADE, "cli", "__main__"):
        assert not [imported for imported in own(name, path) if starts_with(imported, "widget")]


@MODULES
def test_only_jobs_starts_a_thread(name, path):
    if name == "jobs" or name in MAY_START_PROCESSES:
        return
    found = {used for used in uses(path, name) if any(starts_with(used, starter) for starter in THREADS)}
    assert not found, f"{name} uses {found}: threads are jobs' business"


@MODULES
def test_no_module_trusts_remote_code(name, path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            assert ast.unparse(node.value) == "False"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert "trust-remote-code" not in node.value, "a command line that trusts remote code"
            assert node.value != "trust_remote_code"


@MODULES
def test_heavy_libraries_are_imported_where_they_are_needed(name, path):
    def is_not_at_import(node):
        return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_for_type_checkers(node)

    found = {imported.split(".")[0] for imported in imports(path, name, is_not_at_import)} & set(HEAVY)
    assert not found, f"{name} imports {found} at its top"


@pytest.mark.parametrize(
    "module",
    ["dolly_widget", "dolly_widget.engines.genai", "dolly_widget.widget", "dolly_widget.magic", "dolly_widget.cli"],
)
def test_an_import_brings_nothing_heavy(module):
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    if module == "dolly_widget.engines.genai":
        code = f"import openvino_genai, tokenizers; {code}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    loaded = set(json.loads(run.stdout))
    assert not loaded & set(HEAVY)
    if module == "dolly_widget.magic":
        assert not loaded & {"ipywidgets", "openvino", "openvino_genai"}
    if module == "dolly_widget":
        assert not loaded & {*WIDGETS, "numpy", "openvino", "openvino_genai", "tokenizers"}


def test_the_public_names_are_there():
    for name in dolly_widget.__all__:
        assert name in dir(dolly_widget)
        assert getattr(dolly_widget, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = dolly_widget.nonsense


def test_importing_openvino_reports_to_nobody(tmp_path):
    """`import openvino` by itself sends an event to Google Analytics, and leaves a client's id in the home."""
    code = "from dolly_widget.devices import available_devices; available_devices()"
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    run = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, check=True, cwd=PACKAGE.parent)
    assert run.stderr == b""
    assert list(tmp_path.iterdir()) == []
