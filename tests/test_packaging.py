"""What an installed package holds, and what importing it costs. The wheel is built as a release would build it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dolly_widget.models.demo import CHECKPOINT_DIR, OPENVINO_DIR
from dolly_widget.models.files import REQUIRED_FILES

ROOT = Path(__file__).parent.parent


def python(*arguments, cwd=ROOT):
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (path,) = folder.glob("dolly_widget-*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


def in_repository(folder, *patterns):
    return {path.relative_to(ROOT).as_posix() for pattern in patterns for path in (ROOT / folder).glob(pattern)}


def test_the_wheel_has_every_module(names):
    modules = {name for name in in_repository("dolly_widget", "**/*.py") if "/demo/" not in name}
    assert "dolly_widget/cli/__init__.py" in modules
    assert modules <= names


def test_the_wheel_has_the_demo_model(names):
    assert {f"dolly_widget/models/demo/openvino/{name}" for name in REQUIRED_FILES} <= names
    assert {f"dolly_widget/models/demo/openvino/{path.name}" for path in OPENVINO_DIR.iterdir()} <= names


def test_the_wheel_has_the_checkpoint_that_a_tutorial_converts(names):
    assert (CHECKPOINT_DIR / "model.safetensors").is_file()
    assert {f"dolly_widget/models/demo/checkpoint/{path.name}" for path in CHECKPOINT_DIR.iterdir()} <= names


def test_the_wheel_has_what_the_widget_sends_to_the_page(names):
    assets = in_repository("dolly_widget/widget", "**/*.css", "**/*.js")
    assert {"dolly_widget/widget/answer/response.js", "dolly_widget/widget/answer/response.css"} <= assets
    assert assets <= names


def test_the_wheel_has_the_page_of_the_app(names):
    files = in_repository("dolly_widget/cli/app_files", "**/*.*")
    assert "dolly_widget/cli/app_files/voila/templates/dolly-widget/index.html.j2" in files
    assert files <= names


def test_the_wheel_has_the_tutorials(names):
    tutorials = in_repository("notebooks", "*.ipynb", "README.md", "guide/*.md", "images/*")
    assert "notebooks/01_quickstart.ipynb" in tutorials
    assert {f"dolly_widget/{name}" for name in tutorials} <= names


def test_the_wheel_has_nothing_of_the_workshop(names):
    workshop = ("tests/", "__pycache__", ".ipynb_checkpoints", ".pt", "notebooks/web", "execute.py", "pages.py", ".cfg")
    assert [name for name in sorted(names) if any(part in name for part in workshop)] == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"dolly_widget"}


def test_lab_finds_the_tutorials_of_the_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "from dolly_widget.cli.lab import copy_tutorials; from pathlib import Path; print(copy_tutorials(Path('mine')))"
    )
    said = python("-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); {code}", cwd=tmp_path)
    assert said.startswith("Copied ")
    mine = tmp_path / "mine"
    copies = {f"notebooks/{path.relative_to(mine).as_posix()}" for path in mine.rglob("*") if path.is_file()}
    assert copies == in_repository("notebooks", "*.ipynb", "README.md", "guide/*.md", "images/*")


def test_the_import_takes_no_heavy_library_along():
    heavy = {"torch", "transformers", "optimum", "openvino", "openvino_genai", "ipywidgets", "IPython", "numpy"}
    loaded = python("-c", "import sys, dolly_widget; print(*sys.modules)").split()
    assert "dolly_widget" in loaded
    assert heavy & set(loaded) == set()


def test_the_widget_takes_no_pytorch_along():
    loaded = python("-c", "import sys; from dolly_widget import DollyWidget, load_engine; print(*sys.modules)").split()
    assert "ipywidgets" in loaded
    assert {"torch", "transformers", "optimum"} & set(loaded) == set()
