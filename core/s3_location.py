"""Where in S3 audio is: a bucket, and what the names of its objects begin with."""

import re
from dataclasses import dataclass
from typing import Final, Self

from core.errors import ConfigurationError

SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""As AWS has them; others take no more."""
_PREFIX: Final = re.compile(r"[A-Za-z0-9!_.*'()/-]*")
"""The characters that are safe in every store and URL."""


@dataclass(frozen=True, slots=True)
class S3Location:
    """A place for objects named by ids of jobs, and for nothing else that begins so and has no further slash."""

    bucket: str
    prefix: str
    """Empty, or ends in a slash."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the place that `s3://bucket/prefix` names; the prefix may be left out.

        Raises:
            ConfigurationError: it is no such URL.
        """
        bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
        prefix = prefix.strip("/")
        if not (url.startswith(SCHEME) and _BUCKET.fullmatch(bucket) and _PREFIX.fullmatch(prefix)) or "//" in prefix:
            raise ConfigurationError(f"'{url}' is no place for audio; write s3://bucket or s3://bucket/prefix.")
        return cls(bucket, f"{prefix}/" if prefix else "")
