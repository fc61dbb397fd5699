"""Sensitivity labels: which ones jobs may have, which one is theirs if nobody names one, and where their audio lies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ConfigurationError
from core.s3_location import SCHEME, S3Location
from core.settings import CommonSettings

_LABEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_UNKNOWN = "other"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The labels of an installation; without any, no job has one."""

    labels: tuple[str, ...] = ()
    default: str | None = None
    places: Mapping[str, Path | S3Location] = field(default_factory=dict)
    """Directories or buckets of their own for the audio of some labels."""

    @classmethod
    def of(cls, settings: CommonSettings) -> "Sensitivity":
        """Read the labels from the settings.

        Raises:
            ConfigurationError: something is no label or no known one, or a directory isn't there: it is not made, for
                it would lie on the wrong disk while the right one isn't mounted.
        """
        labels = tuple(dict.fromkeys(_listed(settings.sensitivity_labels)))
        for label in labels:
            if not _LABEL.fullmatch(label):
                raise ConfigurationError(
                    f"SENSITIVITY_LABELS: '{label}' is no label; write up to 32 of a to z, 0 to 9, _ and -."
                )
        default = settings.sensitivity_default or next(iter(labels), None)
        if default is not None and default not in labels:
            raise ConfigurationError(f"SENSITIVITY_DEFAULT: '{default}' is none of SENSITIVITY_LABELS.")
        return cls(labels, default, _places(settings.sensitive_upload_dirs, labels))

    def counted(self, label: str | None) -> str:
        """Return a job's label as metrics carry it: one of the present ones, or `other`; empty for none."""
        if label is None:
            return ""
        return label if label in self.labels else _UNKNOWN


def _places(setting: str, labels: tuple[str, ...]) -> dict[str, Path | S3Location]:
    places: dict[str, Path | S3Location] = {}
    for entry in _listed(setting):
        label, separator, place = (part.strip() for part in entry.partition("="))
        if not separator or label not in labels or label in places:
            raise ConfigurationError(
                f"SENSITIVE_UPLOAD_DIRS: '{entry}' doesn't give one of SENSITIVITY_LABELS its directory, as in "
                "'confidential=/mnt/encrypted/scriptorium'."
            )
        if place.startswith(SCHEME):
            places[label] = S3Location.parse(place)
            continue
        if not Path(place).is_dir():
            raise ConfigurationError(
                f"SENSITIVE_UPLOAD_DIRS: there is no directory '{place}'. Make it on the disk that is meant for "
                f"'{label}': it is not made here, for that disk might not be mounted."
            )
        places[label] = Path(place)
    return places


def _listed(setting: str) -> list[str]:
    return [part.strip() for part in setting.split(",") if part.strip()]
