"""A terminal as it looks after all that was written to it: its rows, those that have scrolled away first."""

import io

import pyte


class Screen(io.StringIO):
    """A stdout that is a terminal of ``columns`` by ``rows``."""

    def __init__(self, columns=60, rows=12):
        super().__init__()
        self.columns, self.rows = columns, rows
        self._screen = pyte.HistoryScreen(columns, rows, history=5_000)
        self._stream = pyte.Stream(self._screen)

    def write(self, text):
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)

    def isatty(self):
        return True

    def shown(self):
        """All rows, without the spaces and the empty rows at their ends."""
        gone = ["".join(row[column].data for column in range(self.columns)) for row in self._screen.history.top]
        return "\n".join(row.rstrip() for row in [*gone, *self._screen.display]).rstrip("\n")

    def visible(self):
        """The rows on the screen."""
        return "\n".join(row.rstrip() for row in self._screen.display).rstrip("\n")
