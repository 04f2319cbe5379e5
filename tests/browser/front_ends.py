"""Which front ends a test runs in. Without a mark it is all of them."""

import pytest

ALL = ("jupyterlab", "notebook", "voila")

everywhere = pytest.mark.front_ends(*ALL)
"""For a test in a file whose others run in JupyterLab alone."""
runs_cells_later = pytest.mark.front_ends("jupyterlab", "notebook")
"""For a test that runs a cell after something happened in the page: Voilà runs all of them when the page opens."""
in_jupyterlab = pytest.mark.front_ends("jupyterlab")
"""For what does not depend on the front end: each one more costs CI minutes."""
