"""What `scriptorium doctor` finds out: each process of ours looks at what is its own, and says so in these words."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Level(StrEnum):
    """How a check ended, from the best to the worst."""

    OK = "ok"
    WARNING = "warning"
    """It works, and not as well or as safely as it could."""
    FAILED = "failed"
    """The service doesn't work like that."""


class Finding(BaseModel):
    """What one look has found."""

    model_config = ConfigDict(frozen=True)

    check: str
    """What was looked at, in a word or two."""
    level: Level
    found: str
    """What is there."""
    advice: str = ""
    """What to do, if something is to be done."""

    @classmethod
    def ok(cls, check: str, found: str) -> "Finding":
        """Return that all is well."""
        return cls(check=check, level=Level.OK, found=found)

    @classmethod
    def warning(cls, check: str, found: str, advice: str) -> "Finding":
        """Return that something could be better, and how."""
        return cls(check=check, level=Level.WARNING, found=found, advice=advice)

    @classmethod
    def failed(cls, check: str, found: str, advice: str) -> "Finding":
        """Return that something is wrong, and what to do."""
        return cls(check=check, level=Level.FAILED, found=found, advice=advice)
