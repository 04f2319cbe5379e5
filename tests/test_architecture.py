"""The house keeps its order: who may import whom, who may start a thread, and what an import costs."""

import ast
import json
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import dolly_widget

PACKAGE = Path(dolly_widget.__file__).parent
# Who may import whom. What is on the left may import what is on the right, and itself.
RULES = """
errors, sampling, text  nothing
runtime                 text
models                  errors, text, runtime, sampling
engines                 errors, text, runtime, sampling, models
history                 sampling, text, engines
lens, bench             errors, text, runtime, sampling, models, engines
magic                   errors, text, runtime, sampling, models, engines, lens
serving                 errors, text, runtime, sampling, models, engines, lens
batch                   errors, text, runtime, sampling, models, engines, lens
pandas                  batch
comparison              errors, text, runtime, sampling, models, engines, bench
widget                  errors, text, runtime, sampling, models, engines, history, lens, batch
cli  errors, text, runtime, sampling, models, engines, history, lens, batch, bench, magic, comparison, serving
tests/demo_model        errors, text, runtime, sampling, models, engines
"""
DEMO_MODEL = Path(__file__).with_name("demo_model")
FACADE = "__init__"
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
# Its child process is no thread of a notebook.
MAY_START_PROCESSES = ("models.conversion.worker",)


# An event loop that waits for many clients starts no thread: what blocks runs on a Job.
MAY_WAIT = {"serving": {"asyncio"}}


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


def imports(path, name, skip=lambda node: False, root="dolly_widget"):
    """Full names of all that a file imports, inside functions too: "threading.Event", "dolly_widget.text.tokenizer"."""
    package = [root, *(name.split(".") if path.name == "__init__.py" else name.split(".")[:-1])]
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


def allowed_imports():
    """Each room, and the rooms that it may import from."""
    for line in RULES.strip().splitlines():
        rooms, others = re.split("  +", line)
        for room in rooms.split(", "):
            yield room, {room, *others.split(", ")}


def room_of(name):
    return name.split(".")[0]


def own(name, path, root="dolly_widget"):
    """The modules of the package that a file imports, without the package's name."""
    for imported in imports(path, name, root=root):
        if starts_with(imported, "dolly_widget"):
            yield imported.removeprefix("dolly_widget").lstrip(".") or FACADE


@MODULES
def test_a_module_imports_only_from_the_rooms_that_it_may(name, path):
    if name in (FACADE, "__main__"):
        return
    allowed = dict(allowed_imports())
    assert room_of(name) in allowed, f"{name} has no place in the rules: give it one, here and in the design"
    for imported in own(name, path):
        if imported not in ("__version__", FACADE):
            assert room_of(imported) in allowed[room_of(name)], f"{name} imports {imported}"


def test_what_made_the_demo_model_imports_nothing_beyond_the_engines():
    """A public name counts as one of the room that it comes from."""
    allowed = dict(allowed_imports())["tests/demo_model"]
    for path in sorted(DEMO_MODEL.rglob("*.py")):
        for imported in own(path.stem, path, root="demo_model"):
            room = dolly_widget._HOMES.get(imported, room_of(imported))
            assert room in allowed, f"{path.relative_to(DEMO_MODEL.parent)} imports {imported}"


def test_the_rules_lead_one_way():
    """No room can be reached from itself: there is an order in which each imports only from those before it."""
    graph = {room: others - {room, "nothing"} for room, others in allowed_imports()}
    assert {other for others in graph.values() for other in others} <= set(graph)
    assert list(TopologicalSorter(graph).static_order())


def test_no_modules_import_each_other_in_a_circle():
    names = {param.values[0] for param in every_module()}

    def module_of(imported):
        """The module that a name is in: the longest beginning that is one."""
        parts = imported.split(".")
        found = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((name for name in found if name in names), None)

    graph = {}
    for param in every_module():
        name, path = param.values
        found = {module_of(imported) for imported in own(name, path)} - {None, FACADE}
        if path.name != "__init__.py" and name in found:
            found.remove(name)
        graph[name] = {each for each in found if not (path.name == "__init__.py" and each == name)}
    assert list(TopologicalSorter(graph).static_order())


@MODULES
def test_a_package_s_front_only_hands_names_on(name, path):
    """Apart from the package itself and the widgets, which load lazily, and the place of the demo's files."""
    if path.name != "__init__.py" or name in (FACADE, "widget", "models.demo"):
        return
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        is_names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, ast.ImportFrom) or is_names or is_text, ast.unparse(node)


@MODULES
def test_no_module_is_hidden_by_a_name_that_its_package_hands_on(name, path):
    if path.name != "__init__.py" or name == FACADE:
        return
    handed_on = {imported.rpartition(".")[2] for imported in own(name, path)}
    assert not handed_on & {each.stem for each in path.parent.iterdir() if each != path}


@MODULES
def test_only_the_widget_layer_imports_widgets(name, path):
    if starts_with(name, "widget"):
        return
    allowed = {"IPython"} if starts_with(name, "magic") else set()
    found = {imported.split(".")[0] for imported in imports(path, name)} & WIDGETS - allowed
    assert not found, f"{name} imports {found}"


@MODULES
def test_web_frameworks_and_ray_stay_where_they_are_needed(name, path):
    """Both belong to extras. What asks a server does without either."""
    needs = {"starlette": {"serving"}, "uvicorn": {"serving"}, "prometheus_client": {"serving"}}
    needs |= {"ray": {"batch", "serving"}, "httpx": {"engines", "models"}}
    for library in {imported.split(".")[0] for imported in imports(path, name)} & set(needs):
        assert room_of(name) in needs[library], f"{name} imports {library}"


@MODULES
def test_only_jobs_starts_a_thread(name, path):
    if name == "runtime.jobs" or name in MAY_START_PROCESSES:
        return
    starters = THREADS - MAY_WAIT.get(room_of(name), set())
    found = {used for used in uses(path, name) if any(starts_with(used, starter) for starter in starters)}
    found |= {used for used in uses(path, name) if used.endswith((".to_thread", ".run_in_executor"))}
    assert not found, f"{name} uses {found}: threads are jobs' business"


@MODULES
def test_json_is_read_by_one_reader(name, path):
    """Which is bounded, and raises ValueError alone."""
    if name != "text.json_text":
        assert not {"json.load", "json.loads"} & set(uses(path, name)), f"{name}: use parse_json or read_json"


@MODULES
def test_xml_is_read_by_one_reader(name, path):
    if name != "models.graph_file":
        read = {"ElementTree.parse", "ElementTree.iterparse", "ElementTree.fromstring", "ElementTree.XML"}
        assert not read & set(uses(path, name)), f"{name}: use graph_file.elements"


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
    assert not loaded & {"ray", "starlette", "uvicorn", "prometheus_client"}
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
    code = "from dolly_widget.runtime.devices import available_devices; available_devices()"
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    run = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, check=True, cwd=PACKAGE.parent)
    assert run.stderr == b""
    assert list(tmp_path.iterdir()) == []
