"""The model of voices is found where it is to be, and made of nothing but what it should be made of."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError
from tests.harness.service import MODEL_CACHE
from tests.media import clip, samples_of
from worker.diarization import model_file, torch_file
from worker.diarization.model_file import find_voice_model
from worker.diarization.voice_model import WINDOW_SAMPLES, OnnxVoiceModel


def archive(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", content)
    return path


class Harmful:
    """Runs something when it is read as a pickle."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("harm",)


def test_a_pickle_that_names_anything_else_than_tensors_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=r"it names builtins\.print"):
        torch_file.tensors(archive(tmp_path / "weights.pt", pickle.dumps(Harmful())))
    assert not capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_file_of_tensors_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.pt holds no tensors"):
        torch_file.tensors(path)


def test_none_is_none(tmp_path: Path) -> None:
    assert find_voice_model("none", tmp_path) is None


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"DIARIZATION_MODEL=.* is no file"):
        find_voice_model(str(tmp_path / "missing.onnx"), tmp_path)


def test_a_file_that_is_no_model_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    assert find_voice_model(str(path), tmp_path) == path
    with pytest.raises(ConfigurationError, match="can't be loaded"):
        OnnxVoiceModel(path).check()


def test_a_model_of_something_else_is_said() -> None:
    from faster_whisper.utils import get_assets_path

    with pytest.raises(ConfigurationError, match="not filter banks"):
        OnnxVoiceModel(Path(get_assets_path()) / "silero_vad_v6.onnx").check()


def test_without_the_package_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_PACKAGE", "nobody_installs_this")
    assert find_voice_model("", tmp_path) is None


def test_weights_that_were_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_SHA256", "0" * 64)
    with pytest.raises(ConfigurationError, match="has the SHA-256 92f29b94"):
        find_voice_model("", tmp_path)
    assert not list(tmp_path.glob("*/*.onnx"))


def test_the_model_of_the_package_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = find_voice_model("", tmp_path)
    assert built is not None
    monkeypatch.setattr(model_file, "_PACKAGE", "nobody_installs_this")
    assert find_voice_model("", tmp_path) == built


def test_a_voice_is_more_like_itself_than_like_any_other() -> None:
    path = find_voice_model("", MODEL_CACHE)
    assert path is not None
    model = OnnxVoiceModel(path)

    def heard(name: str) -> np.ndarray:
        samples = samples_of(clip(name))
        return model.embeddings(samples[: len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES))

    slt, slt_again, rms, rms_again = map(heard, ("garden", "kitchen", "library", "snow"))
    np.testing.assert_allclose(np.linalg.norm(slt, axis=1), 1, rtol=1e-5)
    across = max((one @ other.T).mean() for one in (slt, slt_again) for other in (rms, rms_again))
    assert min((slt @ slt_again.T).mean(), (rms @ rms_again.T).mean()) > across + 0.3
