"""The tutorials give what they show: each is run again, and its outputs are compared with the committed ones."""

import base64
import io
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns
from PIL import Image

import dolly_widget

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CONFIG = NOTEBOOKS / "nbval.cfg"
EXECUTE = runpy.run_path(str(NOTEBOOKS / "execute.py"))
TUTORIALS = [
    "01_quickstart.ipynb",
    "02_conversion.ipynb",
    "03_templating.ipynb",
    "04_sampling.ipynb",
    "05_streaming.ipynb",
    "06_devices_and_speed.ipynb",
    "07_one_answer_to_a_column.ipynb",
]
each_tutorial = pytest.mark.parametrize("name", TUTORIALS)
IGNORED = "nbval-ignore-output"
FIGURE_BYTES = 40_000


def nbval(path, *options, **variables):
    """Run a notebook as the tutorials are run, and compare its outputs."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", f"--nbval-sanitize-with={CONFIG}"]
    alone = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={path.parent}", "-q", "--color=no", str(path)]
    with EXECUTE["kernel_environment"]() as environment:
        environment |= variables
        return subprocess.run(
            [*command, *options, *alone], capture_output=True, text=True, cwd=path.parent, env=environment
        )


def read(name):
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def code_cells(name):
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def is_ignored(cell):
    return IGNORED in cell.metadata.get("tags", [])


def has_magic(cell):
    return re.search(r"^%%?dolly\b", cell.source, re.MULTILINE)


def test_the_tutorials_are_these():
    assert sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")) == TUTORIALS


@each_tutorial
def test_a_tutorial_gives_what_it_shows(name):
    run = nbval(NOTEBOOKS / name)
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout


def test_a_changed_output_is_noticed(tmp_path):
    changed = tmp_path / "changed.ipynb"
    text = (NOTEBOOKS / "01_quickstart.ipynb").read_text(encoding="utf-8")
    assert "Paris" in text
    changed.write_text(text.replace("Paris", "London"), encoding="utf-8")
    run = nbval(changed, "-x")
    assert run.returncode == 1
    assert "London" in run.stdout


@pytest.fixture
def package(tmp_path):
    """A copy of the package that the kernel imports instead of the installed one; change it."""
    source = Path(dolly_widget.__file__).parent
    unneeded = shutil.ignore_patterns("__pycache__", "checkpoint", "corpus", "notebooks")
    copy = shutil.copytree(source, tmp_path / "planted" / "dolly_widget", ignore=unneeded)
    code = "import dolly_widget; print(dolly_widget.__file__)"
    variables = os.environ | {"PYTHONPATH": str(copy.parent)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, cwd=NOTEBOOKS)
    assert run.stdout.strip() == str(copy / "__init__.py")
    return copy


def replace(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def plant_another_template(package):
    replace(package / "text" / "template.py", "### Instruction:\\n{instruction}", "### Instruction: {instruction}")


FILTERS = """\
    left = _keep_top_k(scores, params.top_k)
    chances = _softmax((left - left.max()) / params.temperature)
"""


def plant_another_order(package, filters):
    """Top-p is no longer applied where it was, and ``filters`` come in place of what comes before it."""
    logits = package / "sampling" / "logits.py"
    replace(logits, '{"top_p": _keep_top_p, "min_p": _keep_min_p}', '{"min_p": _keep_min_p}')
    replace(logits, FILTERS, filters)


def plant_top_p_before_temperature(package):
    plant_another_order(
        package,
        "    kept = _keep_top_p(_softmax(scores), scores, params.top_p) > 0\n"
        "    left = _keep_top_k(np.where(kept, scores, -np.inf), params.top_k)\n"
        "    chances = _softmax((left - left.max()) / params.temperature)\n",
    )


def plant_top_p_before_top_k(package):
    plant_another_order(
        package,
        "    left = (scores - scores.max()) / params.temperature\n"
        "    left = np.where(_keep_top_p(_softmax(left), left, params.top_p) > 0, left, -np.inf)\n"
        "    chances = _softmax(_keep_top_k(left, params.top_k))\n",
    )


def plant_another_answer(package):
    """Half of the weights that turn the last hidden state into the next token are zero."""
    model = package / "models" / "demo" / "openvino" / "openvino_model"
    layers = ET.parse(model.with_suffix(".xml")).getroot().iter("layer")
    (data,) = [layer.find("data") for layer in layers if layer.get("name") == "self.embed_out._openvino_orig_weight"]
    start, size = int(data.get("offset")), int(data.get("size")) // 2
    weights = bytearray(model.with_suffix(".bin").read_bytes())
    weights[start : start + size] = bytes(size)
    model.with_suffix(".bin").write_bytes(weights)


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        pytest.param(plant_another_template, "03_templating.ipynb", id="template"),
        pytest.param(plant_top_p_before_temperature, "04_sampling.ipynb", id="top-p before temperature"),
        pytest.param(plant_top_p_before_top_k, "04_sampling.ipynb", id="top-p before top-k"),
        pytest.param(plant_another_answer, "01_quickstart.ipynb", id="model"),
    ],
)
def test_a_planted_change_is_noticed(package, plant, name):
    plant(package)
    run = nbval(NOTEBOOKS / name, "-x", PYTHONPATH=str(package.parent))
    assert run.returncode == 1, run.stdout
    assert "Cell outputs differ" in run.stdout


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        (
            "12 tokens · 1,034.5 tokens/s · first token after 2.1 ms",
            "12 tokens · SPEED tokens/s · first token after TIME",
        ),
        ("loaded in 0.34 s, warm after 12 µs", "loaded in TIME, warm after TIME"),
        (
            "at least  93 ms per token, at most 10.8 tokens/s; max=5.0, min=0.1",
            "at least  93 ms per token, at most 10.8 tokens/s; max=5.0, min=0.1",
        ),
        ("openvino 2026.4.1, torch 2.13.0+cpu", "openvino VERSION, torch VERSION"),
        ("PosixPath('/tmp/x/model.bin')", "PosixPath('PATH')"),
        ("<object at 0x7f40bc74f360>", "<object at ADDRESS>"),
        ("sleeping 0.25, seed 1; <b>and/or</b> 3 models", "sleeping 0.25, seed 1; <b>and/or</b> 3 models"),
    ],
)
def test_what_differs_between_machines_is_not_compared(text, compared):
    for regex, replacement in get_sanitize_patterns(CONFIG.read_text(encoding="utf-8")):
        text = re.sub(regex, replacement, text)
    assert text == compared


@each_tutorial
def test_a_tutorial_imports_public_names_only(name):
    public = {*dolly_widget.__all__, "lens"}
    sources = "\n".join(cell.source for cell in read(name).cells)
    imports = re.findall(r"\bfrom (dolly_widget[\w.]*) import (\([^)]*\)|.*)", sources)
    imported = [(module, each) for module, names in imports for each in re.findall(r"\w+", names)]
    assert imported
    assert [(module, each) for module, each in imported if module != "dolly_widget" or each not in public] == []
    assert set(re.findall(r"\bimport dolly_widget\b[\w.]*", sources)) <= {"import dolly_widget.pandas"}  # an accessor


@each_tutorial
def test_a_tutorial_has_the_form_of_all(name):
    cells = read(name).cells
    headings = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.split("\n")]
    headings = [line for line in headings if line.startswith("#")]
    assert headings[0].startswith(f"# {int(name[:2])} · ")
    assert cells[0].source.startswith(headings[0])
    assert headings[-1] == "## On the real Dolly: change this one line"
    for cell in code_cells(name):
        lines = cell.source.split("\n")
        assert (len(lines) <= 20, max(map(len, lines)) <= 100) == (True, True), cell.source


@each_tutorial
def test_the_first_screen_says_which_model_runs_and_how_to_get_a_real_one(name):
    first = read(name).cells[0].source
    assert "a demonstration, not a real one" in first
    assert '"smollm2"' in first
    assert "`dolly-widget lab --model smollm2`" in first


@each_tutorial
def test_an_output_that_is_not_compared_is_checked_in_another_way(name):
    cells = code_cells(name)
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        assert set(cell.metadata.get("tags", [])) <= {IGNORED}
        assert "NBVAL" not in cell.source.upper()
        if is_ignored(cell) and has_magic(cell):
            assert following is not None
            assert "print(" in following.source, cell.source
            assert not is_ignored(following), following.source
        elif is_ignored(cell):
            assert re.search(r"^ *assert ", cell.source, re.MULTILINE), cell.source


@each_tutorial
def test_a_figure_says_what_it_shows(name):
    for cell in code_cells(name):
        pictures = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
        assert bool(pictures) == ("plt.show()" in cell.source), cell.source
        assert all(len(base64.b64decode(picture)) <= FIGURE_BYTES for picture in pictures), cell.source
        if pictures:
            assert [word for word in ("title", "xlabel", "ylabel") if word not in cell.source] == [], cell.source


@each_tutorial
def test_pictures_stand_on_the_page_s_own_ground(name):
    """Light or dark. "needs_background" is what Jupyter puts a sheet behind a picture for."""
    for cell in code_cells(name):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert "needs_background" not in str(output.metadata)
                picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGBA")
                assert picture.getpixel((0, 0))[3] == 0, cell.source


@each_tutorial
def test_a_tutorial_holds_no_noise(name):
    notebook = read(name)
    assert list(EXECUTE["faults"](notebook)) == []
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    clean = nbformat.writes(EXECUTE["without_noise"](notebook))
    assert json.loads(clean) == json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))


def tutorial(folder, *sources):
    """A notebook of one's own to execute, with all the noise that an editor leaves in one."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell in cells:
        cell.metadata = nbformat.from_dict({"tags": [IGNORED], "collapsed": True, "execution": {"iopub.status": "now"}})
    path = folder / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}, "signature": "1"}), path)
    return path


FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
LIVE = "from IPython.display import display\nshown = display('first', display_id=True)\nshown.update('last')"
SURROUNDINGS = (
    "import os, shutil\n"
    "print(os.environ['HF_HUB_OFFLINE'], shutil.get_terminal_size().columns, os.path.exists(os.environ['HF_HOME']))"
)


def test_executing_leaves_no_noise(tmp_path):
    path = tutorial(tmp_path, "import ipywidgets\nipywidgets.IntSlider()", FIGURE, LIVE, SURROUNDINGS)
    written = []
    for _ in range(2):
        EXECUTE["execute"](path)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    notebook = json.loads(written[0])
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert [cell["id"] for cell in notebook["cells"]] == ["cell-00", "cell-01", "cell-02", "cell-03"]
    assert [cell["metadata"] for cell in notebook["cells"]] == [{"tags": [IGNORED]}] * 4
    slider, figure, live, surroundings = [cell["outputs"][0] for cell in notebook["cells"]]
    assert list(slider["data"]) == ["text/plain"]
    assert b"Software" not in base64.b64decode(figure["data"]["image/png"])
    assert live["data"]["text/plain"] == ["'last'"]
    assert surroundings["text"] == ["1 100 False\n"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0", "division by zero"),
        ("import warnings\nwarnings.warn('oh dear')", "writes to stderr: .*oh dear"),
        ("object()", "shows '0x"),
        ("import os\nos.path.abspath('x.bin')", "shows '/"),
        ("from pathlib import Path\nPath.home()", "shows "),
    ],
)
def test_what_nobody_should_see_is_not_written(tmp_path, source, says):
    path = tutorial(tmp_path, "1", source)
    before = path.read_bytes()
    with pytest.raises(EXECUTE["TutorialError"], match=rf"(?s){says}") as refusal:
        EXECUTE["execute"](path)
    assert "one.ipynb, In [2]" in str(refusal.value)
    assert path.read_bytes() == before


MEASURES = "import random\nprint(random.random())"


def commit(path):
    who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    for command in (["init", "-q"], ["add", path.name], [*who, "commit", "-q", "-m", "Measured"]):
        subprocess.run(["git", *command], cwd=path.parent, check=True)


@pytest.mark.parametrize(("arguments", "is_kept"), [((), True), (("--measure",), False)])
def test_what_was_measured_stays_until_new_figures_are_asked_for(tmp_path, arguments, is_kept):
    path = tutorial(tmp_path, MEASURES, "print('same')")
    EXECUTE["execute"](path)
    before = path.read_bytes()
    commit(path)
    command = [sys.executable, str(NOTEBOOKS / "execute.py"), *arguments, "one.ipynb"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "one.ipynb\n")
    assert (path.read_bytes() == before) == is_kept


def test_a_measuring_cell_that_was_changed_is_measured_again(tmp_path):
    path = tutorial(tmp_path, MEASURES)
    EXECUTE["execute"](path)
    commit(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "print('new')"
    nbformat.write(notebook, path)
    EXECUTE["execute"](path, measures=False)
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "new\n"


@pytest.mark.parametrize("script", ["execute.py", "pages.py"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no.ipynb"], "There is no no.ipynb here or in "),
        (["notes.txt"], "is no notebook: "),
        (["conflict.ipynb"], "is no notebook: "),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, script, arguments, sentence):
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "conflict.ipynb").write_text('<<<<<<< HEAD\n{"cells": []}')
    command = [sys.executable, str(NOTEBOOKS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_interrupted_command_says_so_and_keeps_the_file(tmp_path):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    path = tutorial(tmp_path, f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(60)")
    before = path.read_bytes()
    command = [sys.executable, str(NOTEBOOKS / "execute.py"), str(path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    begun.read_bytes()  # until the cell has opened it
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.endswith("Interrupted: what was written before stays.\n")
    assert "execute.py" not in told  # no traceback of ours
    assert path.read_bytes() == before


def test_a_failing_tutorial_ends_the_command(tmp_path):
    path = tutorial(tmp_path, "1 / 0")
    command = [sys.executable, str(NOTEBOOKS / "execute.py"), str(path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.endswith("one.ipynb, In [1] failed: see above.\n")
