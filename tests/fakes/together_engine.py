"""A scripted engine that writes several answers at a time: a piece of each in turn."""

from scripted_engine import ScriptedEngine

from dolly_widget.engines import GenerationRequest


class TogetherEngine(ScriptedEngine):
    """``stepwise``: ``step()`` releases a piece of each answer that is still written."""

    at_once = 0

    def generate_many(self, requests, *, stop=None, at_once=None):
        waiting = list(enumerate(requests))
        self.calls += [(str(request.prompt), request.params) for _, request in waiting]
        self.at_once = len(waiting)
        running = {
            place: (request, [], self._answers.pop(0) if self._answers else ["ok"]) for place, request in waiting
        }
        while running:
            if self._steps is not None and not self._next_step(stop):
                yield from (
                    (place, self._result(said, "cancelled", each.params)) for place, (each, said, _) in running.items()
                )
                return
            for place, (request, said, pieces) in list(running.items()):
                if outcome := self._say(request, said, pieces):
                    del running[place]
                    yield place, outcome
            self.said.set()

    def _say(self, request: GenerationRequest, said, pieces):
        """Say the next piece; return what came of the answer, if that was the last."""
        piece = pieces[len(said)]
        if isinstance(piece, BaseException):
            return piece
        said.append(piece)
        request.on_text(piece)
        return self._result(said, "stop", request.params) if len(said) == len(pieces) else None
