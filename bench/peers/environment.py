"""Where peers live and what they all get: an environment of their own, our weights, no way out."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.harness.service import MODEL_CACHE, REPOSITORY

PEERS = REPOSITORY / ".venv-bench"
"""Made by `make bench` from requirements/bench.txt."""


@cache
def weights() -> Path:
    """Return the folder of Whisper base as CTranslate2 reads it, the service's own."""
    from worker.weights import find_weights

    return find_weights("base", MODEL_CACHE)


def program(name: str) -> str:
    """Return the path of a program in the peers' environment.

    Raises:
        FileNotFoundError: it isn't there.
    """
    path = PEERS / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `make bench` installs the peers")
    return str(path)


def offline() -> Mapping[str, str]:
    """Return this process's environment with the model hub closed."""
    return {**os.environ, "HF_HUB_OFFLINE": "1"}
