"""whisper-ctranslate2, a command over faster-whisper: all files in one call."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers.environment import offline, program, weights
from bench.systems import Answer, Run, measured
from tests.media import Reference


@dataclass(frozen=True, slots=True)
class WhisperCTranslate2:
    """The command with int8 and otherwise its defaults; its start and the model's loading are part of its time."""

    batched: bool

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"whisper-ctranslate2, --batched {self.batched}"

    @property
    def clients(self) -> str:
        """How it is asked."""
        return "one call"

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Run the command once on all clips."""
        with tempfile.TemporaryDirectory() as name:
            # Texts are named after the files, and files of two languages may be named alike.
            folder = Path(name)
            for clip in clips:
                (folder / f"{clip.id}{clip.path.suffix}").symlink_to(clip.path)
            command = [program("whisper-ctranslate2"), *(f"{clip.id}{clip.path.suffix}" for clip in clips)]
            command += ["--model_directory", str(weights()), "--device", "cpu", "--compute_type", "int8"]
            command += ["--batched", str(self.batched), "--output_format", "txt", "--verbose", "False"]
            with subprocess.Popen(  # noqa: S603 - a pinned package's own command
                command, cwd=folder, env=offline(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                return measured(process.pid, lambda: _answers(process, folder, clips))


def _answers(process: subprocess.Popen[bytes], folder: Path, clips: Sequence[Reference]) -> list[Answer]:
    if process.wait():
        raise RuntimeError(f"whisper-ctranslate2 ended with status {process.returncode}")
    return [Answer(clip, (folder / f"{clip.id}.txt").read_text(encoding="utf-8"), None) for clip in clips]
