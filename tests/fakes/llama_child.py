"""llama.cpp in a process of its own: what it crashes, it crashes there."""

import subprocess
import tempfile
from contextlib import contextmanager

_WAIT_S = 120


@contextmanager
def listening(command, error):
    """The address that ``command`` prints first. Raises ``error``, with its log, where there is none."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as child,
    ):
        try:
            address = next((line for line in child.stdout if line.startswith("http")), "").strip()
            if not address:
                child.wait(_WAIT_S)
                log.seek(0)
                raise error(log.read()[-2000:])
            yield address
        finally:
            child.kill()
