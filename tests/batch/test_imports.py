"""What a batch needs is imported when it is needed."""

import json
import subprocess
import sys

import pytest

CODE = "import json, sys, {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"


@pytest.mark.parametrize("module", ["dolly_widget.batch", "dolly_widget.cli.map", "dolly_widget.batch.cluster"])
def test_an_import_brings_no_tables_no_cluster_and_no_bar(module):
    run = subprocess.run([sys.executable, "-c", CODE.format(module=module)], capture_output=True, check=True)
    assert not set(json.loads(run.stdout)) & {"pandas", "polars", "pyarrow", "ray", "tqdm", "torch"}


def test_the_command_line_starts_without_numpy():
    code = CODE.format(module="dolly_widget.cli")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert "numpy" not in json.loads(run.stdout)
