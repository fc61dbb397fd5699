"""Transcribes a job chunk by chunk, each on its own, in batches with those of other jobs."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Final

from worker.engine.chunking import Chunk
from worker.engine.heard import Heard
from worker.engine.languages import Language, vote
from worker.engine.listening import Listener, Listening

VOTERS: Final = 4
"""Chunks that are asked for the language: up to about a minute of speech."""


def transcribe(
    chunks: Iterable[Chunk],
    listener: Listener,
    *,
    language: Language | None,
    multilingual: bool,
    ahead: Callable[[], int],
    ballot: AbstractContextManager[object],
) -> Iterator[Heard]:
    """Yield what is said in every chunk, in order.

    Args:
        chunks: In order; they are taken as they are needed.
        listener: Hears them.
        language: Of all of them; None to detect it.
        multilingual: Whether each may have its own; `language` is not heeded then.
        ahead: Says how many chunks may be under way at once just now.
        ballot: Entered while several chunks vote on the language, and until the last of them has its text: what the
            model makes of `VOTERS` chunks is kept that long.
    """
    stream = iter(chunks)
    begun: deque[Listening] = deque()
    with ExitStack() as voting:
        if multilingual:
            language = None
        elif language is None:
            voters = list(itertools.islice(stream, 2))
            if len(voters) > 1:
                voting.enter_context(ballot)
                voters += itertools.islice(stream, VOTERS - 2)
                language, begun = _begin_by_vote(voters, listener)
            else:
                # A lone chunk is asked in the same pass as for its text.
                stream = iter(voters)
        voters_left = len(begun)
        spoken = _Spoken(language)

        def next_heard() -> Heard:
            nonlocal voters_left
            heard = spoken.heard(begun.popleft())
            voters_left -= 1
            if voters_left == 0:
                voting.close()
            return heard

        for chunk in stream:
            begun.append(listener.begin(chunk, language))
            while len(begun) >= ahead() or (begun and begun[0].is_answered):
                yield next_heard()
        while begun:
            yield next_heard()


def _begin_by_vote(voters: Sequence[Chunk], listener: Listener) -> tuple[Language, deque[Listening]]:
    """Return the language of most of these chunks, and the listening to each that has begun in it."""
    windows = [listener.window(chunk) for chunk in voters]
    answers = [asked.result() for asked in [listener.detect(window) for window in windows]]
    language = vote([answer.probabilities for answer in answers], [chunk.duration_seconds for chunk in voters])
    return language, deque(
        listener.begin(chunk, language, replace(window, encoding=answer.encoding))
        for chunk, window, answer in zip(voters, windows, answers, strict=True)
    )


class _Spoken:
    """The language of the recording: the one that is known, or what most of the chunks so far are in."""

    def __init__(self, known: Language | None) -> None:
        self._known = known
        self._probabilities: list[dict[str, float]] = []
        self._seconds: list[float] = []

    def heard(self, listening: Listening) -> Heard:
        """Wait for a chunk's text."""
        text = listening.text()
        chunk = listening.chunk
        if self._known is None:
            self._probabilities.append({text.language.code: text.language.probability})
            self._seconds.append(chunk.duration_seconds)
        language = self._known or vote(self._probabilities, self._seconds)
        return Heard(chunk.channel, chunk.end_seconds, text.segments, language)
