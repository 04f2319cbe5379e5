"""Makes ``python -m dolly_widget`` the same as the ``dolly-widget`` command."""

import sys

from dolly_widget.cli import main

if __name__ == "__main__":
    sys.exit(main())
