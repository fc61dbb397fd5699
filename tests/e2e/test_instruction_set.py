"""That the model really computes with the vector instructions that the worker chose."""

import os
import subprocess
import sys

from tests.harness.service import MODEL_CACHE
from worker.instruction_set import wide_vectors
from worker.settings import WorkerSettings
from worker.weights import find_weights

_LOAD = "import sys, worker, ctranslate2; ctranslate2.models.Whisper(sys.argv[1], device='cpu', compute_type='int8')"
_CHOICE = "CT2_FORCE_CPU_ISA"


def _what_the_model_says(**chosen: str) -> str:
    model_folder = find_weights("base", WorkerSettings(model_cache_dir=MODEL_CACHE).models_folder)
    environment = {name: value for name, value in os.environ.items() if name != _CHOICE}
    loaded = subprocess.run(
        [sys.executable, "-c", _LOAD, str(model_folder)],
        env={**environment, "CT2_VERBOSE": "1", **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    return loaded.stdout + loaded.stderr


def test_the_model_computes_with_the_widest_vectors_that_pay() -> None:
    assert ("Selected ISA: AVX512" in _what_the_model_says()) is wide_vectors()


def test_an_operators_choice_stands() -> None:
    assert "Selected ISA: GENERIC" in _what_the_model_says(**{_CHOICE: "GENERIC"})
