"""How the chunks of a job vote on its language: who is asked, and for how long the vote lasts."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from worker.engine import batched
from worker.engine.batched import VOTERS
from worker.engine.chunking import Chunk
from worker.engine.heard import Heard
from worker.engine.languages import Language
from worker.engine.listening import ChunkText, Listener
from worker.engine.requests import Detected, Window

SAMPLES = np.zeros(16_000, dtype=np.float32)
ENGLISH = Language("en")


class ScriptedListener:
    """Hears English in every chunk; tells what it was asked, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def window(self, chunk: Chunk) -> Window:
        del chunk
        return Window(SAMPLES.reshape(80, -1))

    def detect(self, window: Window) -> Future[Detected]:
        self.log.append("detect")
        answer: Future[Detected] = Future()
        answer.set_result(Detected({"en": 1.0}, window.features))
        return answer

    def begin(self, chunk: Chunk, language: Language | None, window: Window | None = None) -> object:
        encoded = " with its encoding" if window and window.encoding is not None else ""
        self.log.append(f"begin {chunk.start_seconds:g} in {language.code if language else 'any'}{encoded}")

        def text() -> ChunkText:
            self.log.append(f"heard {chunk.start_seconds:g}")
            return ChunkText([], ENGLISH)

        return SimpleNamespace(chunk=chunk, is_answered=False, text=text)

    @contextmanager
    def vote(self) -> Iterator[None]:
        self.log.append("vote begins")
        try:
            yield
        finally:
            self.log.append("vote ends")


def heard(
    listener: ScriptedListener, chunks: int, *, language: Language | None = None, multilingual: bool = False
) -> Iterator[Heard]:
    return batched.transcribe(
        [Chunk(0, float(number), SAMPLES, ()) for number in range(chunks)],
        cast("Listener", listener),
        language=language,
        multilingual=multilingual,
        ahead=lambda: 2,
        ballot=listener.vote(),
    )


def test_the_vote_lasts_until_the_last_voter_has_its_text() -> None:
    listener = ScriptedListener()
    assert len(list(heard(listener, VOTERS + 2))) == VOTERS + 2
    log = listener.log
    assert log[: VOTERS + 1] == ["vote begins", *["detect"] * VOTERS]
    begun = [f"begin {number} in en with its encoding" for number in range(VOTERS)]
    assert log[VOTERS + 1 : 2 * VOTERS + 1] == begun
    assert log[log.index("vote ends") - 1] == f"heard {VOTERS - 1}"
    # And chunks behind the voters were asked for meanwhile, so that no replica waits for the vote to end.
    assert log.index("vote ends") > log.index(f"begin {VOTERS} in en")


def test_two_chunks_are_enough_for_a_vote() -> None:
    listener = ScriptedListener()
    assert len(list(heard(listener, 2))) == 2
    assert listener.log.count("detect") == 2
    assert listener.log[-1] == "vote ends"


@pytest.mark.parametrize(
    ("chunks", "language", "multilingual"),
    [(1, None, False), (0, None, False), (5, ENGLISH, False), (5, None, True)],
    ids=["a lone chunk", "no chunk", "a known language", "a language each"],
)
def test_nobody_votes_where_there_is_nothing_to_vote_on(
    chunks: int, language: Language | None, multilingual: bool
) -> None:
    listener = ScriptedListener()
    assert len(list(heard(listener, chunks, language=language, multilingual=multilingual))) == chunks
    assert "vote begins" not in listener.log
    assert "detect" not in listener.log


def test_the_vote_of_a_job_that_is_given_up_ends() -> None:
    listener = ScriptedListener()
    passages = heard(listener, VOTERS + 2)
    next(passages)
    del passages
    assert listener.log[-1] == "vote ends"
