"""What is learnt of a server while it is asked: where it answers, and what it does not take."""

from __future__ import annotations

from dolly_widget.engines.remote import kinds
from dolly_widget.engines.remote.address import host_of
from dolly_widget.engines.remote.server import Server


class Habits:
    """Of one engine's server. Written and read by any thread: a value that is too old costs a request, no more."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.takes_ids = True
        """Whether it takes ids as the prompt; taken for granted until it refuses them."""
        self.tells_ids = kinds.gives_ids(server.kind)
        """Whether it tells the ids of its answers."""
        self.refused: frozenset[str] = frozenset()
        """The fields that it does not take."""
        self.length_field = "max_tokens"
        """What it calls the most new tokens."""
        self._at = 0

    @property
    def root(self) -> str:
        """Where the API begins that is asked next."""
        return self.server.roots[self._at]

    @property
    def host(self) -> str:
        """The host of that."""
        return host_of(self.root)

    def turn_from(self, root: str) -> None:
        """Ask the next address from now on, unless another caller has turned already."""
        if self.root == root:
            self._at = (self._at + 1) % len(self.server.roots)

    def refuse(self, names: tuple[str, ...]) -> None:
        """Leave these fields out from now on."""
        self.refused |= set(names)
