"""A golden set: a folder of audio files, and `references.jsonl` with what is said in each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import ConfigurationError
from core.languages import LANGUAGE_NAMES

SHIPPED: Final = Path(__file__).parent / "set"
"""The set that comes with Scriptorium."""
_INDEX: Final = "references.jsonl"
_DIGEST_LENGTH: Final = 16


class Reference(BaseModel):
    """A recording and its words: a line of the index. Further fields are the set's own affair."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern="^[!-~]{1,100}$")
    file: str = Field(min_length=1)
    """The audio's name, from the folder of the set."""
    language: str
    """Whisper's code."""
    text: str = Field(pattern=r"\w")

    @field_validator("language")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in LANGUAGE_NAMES:
            raise ValueError("is none of Whisper's language codes")
        return value


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """References, each with its audio."""

    folder: Path
    references: Sequence[Reference]
    digest: str
    """Of all of it: a set with another digest is another set."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a set.

        Raises:
            ConfigurationError: it is none, or not whole; the message says what is wrong and where.
        """
        try:
            index = (folder / _INDEX).read_text(encoding="utf-8")
            references = [_reference(line, number) for number, line in enumerate(index.splitlines(), 1) if line.strip()]
            digest = hashlib.sha256(index.encode())
            for reference in references:
                digest.update((folder / reference.file).read_bytes())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"GOLDEN_SET_DIR can't be read: {error}") from None
        if not references:
            raise ConfigurationError(f"GOLDEN_SET_DIR: {_INDEX} holds no reference.")
        if len({reference.id for reference in references}) < len(references):
            raise ConfigurationError(f"GOLDEN_SET_DIR: an id is there twice in {_INDEX}.")
        return cls(folder, references, digest.hexdigest()[:_DIGEST_LENGTH])

    def audio(self, reference: Reference) -> bytes:
        """Return the bytes of a reference's file.

        Raises:
            OSError: it can't be read any more.
        """
        return (self.folder / reference.file).read_bytes()


def _reference(line: str, number: int) -> Reference:
    try:
        return Reference.model_validate_json(line)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"GOLDEN_SET_DIR: line {number} of {_INDEX} is no reference. {problems}") from None
