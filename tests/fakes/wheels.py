"""Wheels that a test makes, a folder of them that pip takes for its only index, and a pip that does something else."""

import os
import zipfile


def write_wheel(folder, name="tiny-model", version="1.0", files=None, compression=zipfile.ZIP_DEFLATED):
    """A wheel in ``folder``, with ``files`` (name -> content) in it; what is in it is data alone."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for member, content in {**(files or {}), **metadata}.items():
            archive.writestr(member, content)
    return path


def make_only_index(folder, monkeypatch):
    """Have pip know this folder of wheels and nothing else."""
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def replace_pip(source, tmp_path, monkeypatch):
    """Have ``python -m pip`` run ``source``."""
    package = tmp_path / "path" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(source)
    paths = [str(package.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


# Half of a wheel lies there, and it does not end; its id is told through a pipe.
HANGING = """
import os, signal, sys
from pathlib import Path
place = Path(sys.argv[sys.argv.index("--dest") + 1])
(place / "half.whl").write_bytes(bytes(1000))
Path({pipe!r}).write_text(str(os.getpid()))
signal.pause()
"""
