"""`python -m bench.peers.faster_whisper_process MODEL WAY`: faster-whisper for `bench.peers.faster_whisper`."""

import sys

from faster_whisper import BatchedInferencePipeline, WhisperModel

from bench.peers.serving import serve

_THREADS = 2


def _main() -> None:
    folder, way = sys.argv[1:]
    if way == "two-threads":
        model = WhisperModel(folder, device="cpu", compute_type="int8", num_workers=_THREADS, cpu_threads=1)
    else:
        model = WhisperModel(folder, device="cpu", compute_type="int8")
    pipeline = BatchedInferencePipeline(model) if way == "batched" else model

    def transcribe(path: str) -> str:
        segments, _ = pipeline.transcribe(path)
        return "".join(segment.text for segment in segments)

    serve(transcribe, threads=_THREADS if way == "two-threads" else 1)


if __name__ == "__main__":
    _main()
