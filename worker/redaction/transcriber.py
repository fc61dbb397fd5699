"""A transcriber whose passages have no personal data in them, around any other.

A number may begin in one passage and end in a later one, so a passage is held back until enough of what follows in its
channel is there, and passages are released together if something runs from one into the other. What is released is
committed at once, so an attempt that goes on behind it never meets the rest of something whose start was replaced.
"""

from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from core.options import TranscriptionOptions
from worker.redaction.finder import Finder, Found, merged
from worker.redaction.placeholders import Joined, redacted_segments, within
from worker.transcriber import NOTHING_KNOWN, AroundTranscriber, Checkpoint, Passage, Transcriber

_CONTEXT_CHARACTERS: Final = 200
"""Of what is released, looked at again with what follows: words such as "my number is"."""
_FOLLOWING_CHARACTERS: Final = 120
"""Of what follows, seen before anything is released: more than a card's number takes, said digit by digit."""
_MAX_HELD_SECONDS: Final = 60.0
"""How far other channels get ahead of one that has fallen silent, and the longest that something may run on."""


class RedactingTranscriber(AroundTranscriber):
    """Redacts what another transcriber yields, for jobs that ask for it; others are not touched.

    Args:
        inner: Transcribes.
        finder: Finds personal data.
    """

    def __init__(self, inner: Transcriber, finder: Finder) -> None:
        super().__init__(inner)
        self._finder = finder

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        """Yield one passage for every one of the inner transcriber's, and one more: each a step behind.

        Raises:
            TranscriptionFailure: what the inner one raises, or `redaction_unavailable`.
        """
        passages = self._inner.transcribe(media, options, checkpoint)
        if not options.redact:
            with closing(passages):
                yield from passages
            return
        redaction = _Redaction(self._finder, options, checkpoint)
        with closing(passages):
            latest: Passage | None = None
            for latest in passages:
                yield redaction.step(latest)
        if latest:
            yield redaction.rest(latest)


@dataclass(slots=True)
class _Held:
    """A passage with segments that is not released yet."""

    passage: Passage
    text: str
    """Of its segments, joined."""
    found: list[Found] = field(default_factory=list)
    """In its text. What began in an earlier passage begins below 0, what ends in a later one ends behind the text."""

    @property
    def channel(self) -> int | None:
        return self.passage.segments[0].channel

    @property
    def runs_on(self) -> bool:
        return any(each.end > len(self.text) for each in self.found)


class _Redaction:
    """The redaction of one attempt."""

    def __init__(self, finder: Finder, options: TranscriptionOptions, checkpoint: Checkpoint | None) -> None:
        self._finder = finder
        self._options = options
        self._held: list[_Held] = []
        self._context: defaultdict[int | None, str] = defaultdict(str)
        self._counts = Counter(dict.fromkeys(options.redact, 0))
        self._done_seconds = options.clip_start_seconds
        if checkpoint:
            self._counts.update(checkpoint.info.redacted or {})
            self._done_seconds = checkpoint.end_seconds
            for segment in checkpoint.segments:
                self._remember(segment.channel, segment.text)

    def step(self, passage: Passage) -> Passage:
        """Take a passage and return what can be released by now."""
        if passage.info == NOTHING_KNOWN:
            return passage
        if passage.segments:
            text = Joined.of(segment.text for segment in passage.segments).text
            self._held.append(_Held(passage, text))
            self._look(passage)
        return self._release(self._releasable(passage.end_seconds), passage)

    def rest(self, last: Passage) -> Passage:
        """Return what is left behind the last passage."""
        return self._release(len(self._held), last)

    def _look(self, newest: Passage) -> None:
        """Look for personal data in what is held of a channel."""
        latest = newest.segments[-1]
        held = [each for each in self._held if each.channel == latest.channel]
        joined = Joined.of([self._context[latest.channel], *(each.text for each in held)])
        found = self._finder.find(
            joined.text,
            self._options.redact,
            language="en" if self._options.whisper_task == "translate" else latest.language or newest.info.language,
        )
        for each, start in zip(held, joined.starts[1:], strict=True):
            # What an earlier look has found may have been found by words that are out of sight now.
            each.found = merged([*each.found, *within(found, start, start + len(each.text))])

    def _releasable(self, now_seconds: float) -> int:
        """Return how many of the first can be released: up to where nothing runs on that could be seen yet."""
        return max(
            count
            for count in range(len(self._held) + 1)
            if all(self._may_go(index, count, now_seconds) for index in range(count))
        )

    def _may_go(self, index: int, count: int, now_seconds: float) -> bool:
        """Tell whether a passage may be among the first so many that are released."""
        held = self._held[index]
        if now_seconds - held.passage.end_seconds > _MAX_HELD_SECONDS:
            return True
        behind = [place for place in range(index + 1, len(self._held)) if self._held[place].channel == held.channel]
        if sum(len(self._held[place].text) for place in behind) < _FOLLOWING_CHARACTERS:
            return False
        return not held.runs_on or behind[0] < count

    def _release(self, count: int, latest: Passage) -> Passage:
        released, self._held = self._held[:count], self._held[count:]
        segments = [segment for each in released for segment in redacted_segments(each.passage.segments, each.found)]
        for each in released:
            self._counts.update(found.kind for found in each.found if found.start >= 0)
            self._remember(each.channel, each.text)
            self._done_seconds = each.passage.end_seconds
        if not self._held:
            self._done_seconds = latest.end_seconds
        return replace(
            latest,
            info=latest.info.model_copy(update={"redacted": dict(self._counts)}),
            segments=tuple(segments),
            end_seconds=self._done_seconds,
        )

    def _remember(self, channel: int | None, text: str) -> None:
        self._context[channel] = (self._context[channel] + text)[-_CONTEXT_CHARACTERS:]
