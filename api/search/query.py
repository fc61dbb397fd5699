"""What somebody looks for: words, "phrases", beginnings*, and -what must not be there. Any text means something."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.search.words import Word, words_of
from core.errors import InvalidOptions, OptionProblem

MOST_CHARACTERS: Final = 200
_CLAUSE: Final = re.compile(r'(?P<excluded>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<plain>[^\s"]+))(?P<prefix>\*)?')


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that stand one behind the other."""

    words: tuple[str, ...]
    is_prefix: bool = False
    """The last of them may go on."""

    def places_in(self, words: Sequence[Word]) -> list[tuple[int, int]]:
        """Return the characters, from and to, where a text of these words has it."""
        size = len(self.words)
        starts = (start for start in range(len(words) - size + 1) if self._is_at(words[start : start + size]))
        return [(words[start].start, words[start + size - 1].end) for start in starts]

    def _is_at(self, words: Sequence[Word]) -> bool:
        *firsts, last = (word.text for word in words)
        if tuple(firsts) != self.words[:-1]:
            return False
        return last.startswith(self.words[-1]) if self.is_prefix else last == self.words[-1]


@dataclass(frozen=True, slots=True)
class Query:
    """All of `wanted`, in one segment that has none of `unwanted`."""

    wanted: tuple[Clause, ...]
    unwanted: tuple[Clause, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read a query as somebody has typed it. A quote without its end goes to the end; other signs part words.

        Raises:
            InvalidOptions: there is no word to look for.
        """
        wanted: dict[Clause, None] = {}
        unwanted: dict[Clause, None] = {}
        for match in _CLAUSE.finditer(text):
            typed = match["plain"] if match["phrase"] is None else match["phrase"]
            if words := tuple(word.text for word in words_of(typed)):
                clause = Clause(words, is_prefix=bool(match["prefix"]) or typed.endswith("*"))
                (unwanted if match["excluded"] else wanted)[clause] = None
        if not wanted:
            raise InvalidOptions([OptionProblem("q", "has no word to look for")])
        return cls(tuple(wanted), tuple(unwanted))

    def marks_in(self, text: str) -> list[tuple[int, int]]:
        """Return the characters of a text, from and to, that match, in order; none if the text as a whole doesn't."""
        words = list(words_of(text))
        if any(clause.places_in(words) for clause in self.unwanted):
            return []
        places = [clause.places_in(words) for clause in self.wanted]
        if not all(places):
            return []
        marks: list[tuple[int, int]] = []
        for start, end in sorted(place for found in places for place in found):
            if marks and start <= marks[-1][1]:
                marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
            else:
                marks.append((start, end))
        return marks
