"""Transcribes a job chunk by chunk, each on its own, in batches with those of other jobs."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from worker.engine.chunking import Chunk
from worker.engine.heard import Heard
from worker.engine.languages import Language, vote
from worker.engine.listening import Listener, Listening

_VOTERS: Final = 4
"""Chunks that are asked for the language: up to about a minute of speech."""


def transcribe(
    chunks: Iterable[Chunk],
    listener: Listener,
    *,
    language: Language | None,
    multilingual: bool,
    ahead: Callable[[], int],
) -> Iterator[Heard]:
    """Yield what is said in every chunk, in order.

    Args:
        chunks: In order; they are taken as they are needed.
        listener: Hears them.
        language: Of all of them; None to detect it.
        multilingual: Whether each may have its own; `language` is not heeded then.
        ahead: Says how many chunks may be under way at once just now.
    """
    stream = iter(chunks)
    begun: deque[Listening] = deque()
    if multilingual:
        language = None
    elif language is None:
        voters = list(itertools.islice(stream, _VOTERS))
        if len(voters) > 1:
            windows = [listener.window(chunk) for chunk in voters]
            answers = [asked.result() for asked in [listener.detect(window) for window in windows]]
            language = vote([answer.probabilities for answer in answers], [chunk.duration_seconds for chunk in voters])
            begun.extend(
                listener.begin(chunk, language, replace(window, encoding=answer.encoding))
                for chunk, window, answer in zip(voters, windows, answers, strict=True)
            )
        else:
            # A lone chunk is asked in the same pass as for its text.
            stream = iter(voters)
    spoken = _Spoken(language)
    for chunk in stream:
        begun.append(listener.begin(chunk, language))
        while len(begun) >= ahead() or (begun and begun[0].is_answered):
            yield spoken.heard(begun.popleft())
    while begun:
        yield spoken.heard(begun.popleft())


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
