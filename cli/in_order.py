"""Prints what comes of several sources at once in the order of the sources: what comes too early waits."""

from collections.abc import Callable, Sequence


class InOrder:
    """Of the first source that isn't finished, everything is printed as it comes."""

    def __init__(self, headings: Sequence[str], print_text: Callable[[str], None]) -> None:
        """Take a heading for each source; an empty one is not printed."""
        self._headings = headings
        self._print = print_text
        self._waiting: list[list[str]] = [[heading] if heading else [] for heading in headings]
        self._finished: set[int] = set()
        self._current = 0
        self._flush()

    def put(self, number: int, text: str) -> None:
        """Print a text of a source, now or when it is that source's turn."""
        self._waiting[number].append(text)
        self._flush()

    def finish(self, number: int) -> None:
        """Note that nothing more comes of a source."""
        self._finished.add(number)
        self._flush()

    def _flush(self) -> None:
        while self._current < len(self._waiting):
            texts = self._waiting[self._current]
            while texts:
                self._print(texts.pop(0))
            if self._current not in self._finished:
                return
            self._current += 1
