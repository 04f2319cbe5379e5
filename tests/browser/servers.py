"""A server of notebooks as a process: started on a free port, and ended with its kernels."""

import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager

from dolly_widget.cli.serving import is_up

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/")


@contextmanager
def running(module, *arguments, state, cwd=None, **environment):
    """Run ``python -m module`` with its state in a folder of its own; yield the address that it reports."""
    places = {f"JUPYTER_{name.upper()}_DIR": str(state / name) for name in ("config", "data", "runtime")}
    with (state / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=cwd,
            env=os.environ | places | environment,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
        address = _address(server, module)
        # A pipe that nobody reads fills, and the server then waits for ever.
        rest = threading.Thread(target=shutil.copyfileobj, args=(server.stderr, log))
        rest.start()
        try:
            # The address is told a moment before somebody listens there.
            assert is_up(server, int(address.rpartition(":")[2])), f"{module} ended: see {state}/server.log"
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)
            rest.join()


def _address(server, module):
    lines = []
    for line in server.stderr:
        lines.append(line)
        if match := ADDRESS.search(line):
            return match[1]
    raise RuntimeError(f"{module} did not start:\n" + "".join(lines))
