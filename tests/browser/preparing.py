"""A stand-in for downloading and converting: the test says how far it is, in a file beside the notebook."""

import json

from dolly_widget.runtime.progress import Progress

SOURCE = '''
import json
from pathlib import Path
from dolly_widget import DollyWidget
from dolly_widget.engines import setup
from dolly_widget.models.demo import OPENVINO_DIR as DEMO_DIR
from dolly_widget.errors import ModelError
from dolly_widget.runtime.progress import Progress

def resolve(model, weight_format="int8", revision=None, *, on_progress, stop):
    """Reports what it finds in the file, until that is an error, nothing more, or a stop."""
    report = Path("report.json")
    while not stop.wait(0.02):
        if report.exists():
            fields = json.loads(report.read_text())
            report.unlink()
            if not fields:
                return DEMO_DIR
            if "error" in fields:
                raise ModelError(fields["error"])
            on_progress(Progress(**fields))
    raise ModelError(f"Preparing {model} was stopped; nothing was changed.")

setup.resolve = resolve
'''


def report(lab, **fields):
    """Report a Progress, or an ``error``; without fields, that the model is there."""
    if "stage" in fields:
        str(Progress(**fields))  # raises here, and not in the kernel, what is wrong with it
    whole = lab.folder / ".report"
    whole.write_text(json.dumps(fields))
    whole.rename(lab.folder / "report.json")
