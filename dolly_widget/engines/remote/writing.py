"""Writes one answer from a server's stream: over as many connections as it takes, where its ids are known."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.remote import exchange, faults, fields
from dolly_widget.engines.remote.arrivals import Arrivals
from dolly_widget.engines.remote.calls import Call, call
from dolly_widget.engines.remote.chunks import Chunk
from dolly_widget.engines.remote.exchange import StoppedError
from dolly_widget.engines.remote.faults import Refusal, RefusedError
from dolly_widget.engines.remote.habits import Habits
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.engines.remote.plain_answer import PlainAnswer
from dolly_widget.engines.remote.question import Question
from dolly_widget.engines.remote.split_ids import ids_of
from dolly_widget.engines.remote.stream import chunks_of, refusal_within
from dolly_widget.engines.remote.tries import Tries

if TYPE_CHECKING:
    from dolly_widget.models import Model

_POLL_S = 0.02
_PATIENCE_S = 600.0
"""For one of many questions, all of which wait for room: a server that others use has some within minutes."""
_LEAST_WAIT_S = 0.5
_AFTER_END_S = 2.0
"""For all that a server still says when the answer is whole: its reason, and its count."""
_MOST_CHARS = 512
"""Of a token of a text: more is no answer to what was asked."""
_GIVEN_UP = ("abort", "error", "cancelled")
_ENDS = {"length": "length", "max_tokens": "length", "model_length": "length"}


class NoIdsError(Exception):
    """A server that does not take ids, or tells none. Nothing was passed on."""

    def __init__(self, *, is_refused: bool) -> None:
        self.is_refused = is_refused
        super().__init__()


class IncompleteError(Exception):
    """An answer that has begun, and cannot go on. The message is a sentence."""


class Writer:
    """Feeds ``answer`` with what a server answers to ``question``. ``notes`` are for the result."""

    def __init__(
        self,
        habits: Habits,
        question: Question,
        answer: Answer,
        model: Model | None,
        *,
        is_patient: bool = False,
    ) -> None:
        self._habits, self._question, self._answer = habits, question, answer
        self._tokenizer = None if model is None else model.tokenizer
        self._size = math.inf if model is None else max(model.vocab_size, model.tokenizer.vocab_size)
        self._given = len(answer.token_ids)
        self._patience_s = _PATIENCE_S if is_patient else 0.0
        self._prompt_ids = question.prompt if question.has_ids else None
        self.prompt_tokens = len(question.prompt) if question.has_ids else 0
        """Of the prompt, as far as it is known."""
        self.notes: list[str] = []
        self._arrivals = Arrivals()
        self._at_s = math.nan
        self._end = ""
        self._is_noted = self._has_broken = False
        self._chars = 0

    def write(self) -> None:
        """Write the answer to its end, or until it is cancelled.

        Raises NoIdsError, IncompleteError, and what `faults` makes of a server that does not answer.
        """
        servers = len(self._habits.server.roots)
        is_one_of_several = servers > 1
        tries, begun = Tries(servers), 0
        while not self._is_whole and not self._is_cancelled:
            root = self._habits.root
            host = self._habits.host
            error: Exception
            try:
                self._ask(root)
                return
            except StoppedError:
                return
            except LostError as exc:
                error, passes = faults.lost(host, exc), not exc.is_slow or is_one_of_several or bool(self._made)
            except RefusedError as exc:
                if self._waits(exc.refusal):
                    self._habits.turn_from(root)
                    continue
                error = self._refused(root, exc.refusal)
                passes = (exc.refusal.passes and is_one_of_several) or bool(self._made)
            has_progressed, begun = self._made > begun, self._made
            pause_s = tries.pause_s(has_progressed=has_progressed) if passes and self._can_go_on else None
            if pause_s is None:
                raise IncompleteError(str(error)) if self._made else error
            self._habits.turn_from(root)
            self._tell_break(host)
            self._pause(pause_s)

    @property
    def finish_reason(self) -> str:
        """Why the answer has ended, see ``GenerationResult``; "broken" where neither the server nor its ids say."""
        answer = self._answer
        if answer.is_at_end:
            return "stop"
        if self._end:
            return _ENDS.get(self._end, "stop")
        if self._is_full:
            return "length"
        return "cancelled" if answer.is_cancelled else "broken"

    @property
    def tpot_s(self) -> float:
        """Mean seconds per token after those that came first; NaN where all came at once."""
        return self._arrivals.tpot_s(self._made)

    @property
    def _made(self) -> int:
        return self._answer.new_tokens

    @property
    def _told_apart(self) -> int:
        return self._answer.pieces if isinstance(self._answer, PlainAnswer) else self._made

    @property
    def _is_whole(self) -> bool:
        """Whether nothing is missing of the answer: the server says so, its ids do, or it is as long as it may be."""
        return bool(self._end) or self._answer.is_at_end or self._is_full

    @property
    def _is_cancelled(self) -> bool:
        return self._answer.is_cancelled or self._answer.error is not None

    @property
    def _is_full(self) -> bool:
        return self._given + self._told_apart >= self._question.params.max_new_tokens

    @property
    def _can_go_on(self) -> bool:
        """Whether the rest can be asked for: nothing is there yet, or all ids are known. A shape cannot begin anew."""
        answer, question = self._answer, self._question
        if not self._made:
            return True
        if self._prompt_ids is None or question.shape is not None or not self._habits.takes_ids:
            return False
        return not isinstance(answer, PlainAnswer) or (answer.has_all_ids and not answer.has_reasoning)

    def _waits(self, refusal: Refusal) -> bool:
        """Wait for a server that has no room, as one of many questions can."""
        if self._made or refusal.status not in (429, 503) or self._patience_s <= 0:
            return False
        wait_s = min(max(refusal.retry_after_s or 0.0, _LEAST_WAIT_S), self._patience_s)
        self._patience_s -= wait_s
        self._pause(wait_s)
        return True

    def _refused(self, root: str, refusal: Refusal) -> Exception:
        server = self._habits.server
        return faults.refused(
            root, refusal, model=server.model_name, models=server.models, asked=f"/v1{self._question.path}"
        )

    def _tell_break(self, host: str) -> None:
        following = self._habits.host
        if not self._made:
            if following != host:
                self._answer.note(f"{host} does not answer: asking {following} …")
                self._is_noted = True
            return
        self._has_broken = True
        tokens = f"{self._made:,} {'token' if self._made == 1 else 'tokens'}"
        self._answer.note(f"The connection to {host} broke after {tokens}: going on at {following} …")
        self._is_noted = True
        note = f"The connection to {host} broke after {tokens}; the answer went on at {following}."
        if self._question.params.penalises_answer:
            note += " From there on, presence_penalty and frequency_penalty count the rest alone."
        self.notes.append(note)

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._is_cancelled and (left := end - time.monotonic()) > 0:
            time.sleep(min(_POLL_S, left))

    # One connection

    def _ask(self, root: str) -> None:
        """Take one stream to the end of the answer. Raises LostError where it ends sooner, RefusedError, NoIdsError."""
        habits, question = self._habits, self._question
        if self._made or self._answer.token_ids:
            question = self._rest()
        sent = question.fields(habits.server.model_name, habits.server.kind)
        length = sent.pop("max_tokens")
        first_s = exchange.BETWEEN_S if self._made else None  # nobody waits six times longer for a server that hangs
        while True:
            asked = {name: value for name, value in sent.items() if name not in habits.refused}
            asked[habits.length_field] = length
            try:
                with call(root, question.path, asked, gives_up=lambda: self._is_cancelled, first_s=first_s) as answered:
                    self._note_fields(sent)
                    self._take_all(answered)
                return
            except RefusedError as exc:
                if fields.needs_other_length(exc.refusal, asked):
                    habits.length_field = "max_completion_tokens"
                elif names := fields.refused_fields(exc.refusal, asked):
                    habits.refuse(names)
                elif question.has_ids and _may_be_of_ids(exc.refusal, habits) and not self._answer.token_ids:
                    raise NoIdsError(is_refused=True) from None
                else:
                    raise

    def _rest(self) -> Question:
        assert isinstance(self._prompt_ids, tuple)
        return self._question.after(
            [each for each in self._prompt_ids if isinstance(each, int)], self._answer.token_ids
        )

    def _note_fields(self, sent: dict[str, object]) -> None:
        """Say which settings do nothing here, or may."""
        habits, params = self._habits, self._question.params
        left_out = [name for name in sent if name in habits.refused and fields.matters(name, params)]
        notes = [fields.note_of_refused(habits.host, left_out)]
        if not habits.server.kind:
            asked = {name: value for name, value in sent.items() if name not in habits.refused}
            notes.append(fields.note_of_unsure(params, asked))
        self.notes += [note for note in notes if note and note not in self.notes]

    def _take_all(self, answered: Call) -> None:
        """Take chunks until the answer is whole, and then what comes soon. Raises LostError, RefusedError before."""
        try:
            for chunk in chunks_of(answered, self._note_time):
                if chunk is None or self._take(chunk, answered):
                    break
                if self._is_whole:
                    answered.hurry(_AFTER_END_S)
                elif chunk.is_content:
                    answered.progressed()
        except (LostError, RefusedError):
            if not self._is_whole:
                raise
        if not (self._is_whole or self._is_cancelled):
            raise LostError("broke off in the middle of the answer")

    def _note_time(self) -> None:
        self._at_s = time.perf_counter()

    def _take(self, chunk: Chunk, answered: Call) -> bool:
        """Take a chunk; return whether nothing more is needed."""
        if chunk.error is not None:
            raise RefusedError(refusal_within(chunk.error, answered))
        if chunk.prompt_ids is not None and self._prompt_ids is None:
            self._prompt_ids = chunk.prompt_ids
        if chunk.prompt_tokens is not None and not self._question.has_ids and not self.prompt_tokens:
            self.prompt_tokens = chunk.prompt_tokens
        was_whole = self._is_whole
        if chunk.is_content and not was_whole:
            self._write(chunk)
        if chunk.finish_reason in _GIVEN_UP:
            raise LostError("gave the answer up")
        if chunk.finish_reason == "content_filter" and not self._end:
            self.notes.append("The server's filter ended the answer.")
        self._end = self._end or chunk.finish_reason
        if isinstance(self._answer, PlainAnswer) and chunk.new_tokens and not self._has_broken:
            self._answer.count(min(chunk.new_tokens, self._question.params.max_new_tokens))
        is_counted = was_whole and chunk.prompt_tokens is not None
        goes_on = was_whole and chunk.is_content and not self._end
        return is_counted or goes_on or self._is_cancelled or self._answer.is_at_end

    def _write(self, chunk: Chunk) -> None:
        answer = self._answer
        if isinstance(answer, PlainAnswer):
            self._chars += len(chunk.text) + len(chunk.reasoning)
            if self._chars > _MOST_CHARS * self._question.params.max_new_tokens:
                raise LostError("sends more than was asked for")
            answer.step(self._at_s)
            answer.write_text(chunk.text, chunk.reasoning, chunk.token_ids)
        else:
            ids = ids_of(chunk, self._tokenizer)
            if max(ids or (0,)) >= self._size:
                advice = "pass tokenizer=…, a model on this machine with the server's own"
                raise LostError("names tokens that the tokenizer does not have", advice=advice)
            if ids is None:
                if self._made:
                    raise LostError("tells no ids any longer")
                raise NoIdsError(is_refused=False)
            answer.step(self._at_s)
            for token_id in ids:
                if answer.should_continue and not answer.has_ended(self._question.params.max_new_tokens):
                    answer.write([token_id])
        self._arrivals.note(self._at_s, self._told_apart)
        if self._is_noted:
            self._is_noted = False
            answer.note("")


def _may_be_of_ids(refusal: Refusal, habits: Habits) -> bool:
    """Whether a server may have refused the prompt because it is ids."""
    return habits.takes_ids and not habits.tells_ids and refusal.status in (400, 422, 500)
