"""The other end of `bench.peers.library`: serves a library's transcription over standard input and output.

Runs in whatever environment the library lives in, and so imports nothing else.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def serve(transcribe: Callable[[str], str], *, threads: int = 1) -> None:
    """Transcribe the files of every line, a JSON list of paths, and answer with pairs of text and seconds, in order."""
    # What the library itself prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def heard(path: str) -> tuple[str, float]:
        started = time.perf_counter()
        text = transcribe(path)
        return text, time.perf_counter() - started

    with ThreadPoolExecutor(threads) as executor:
        for line in sys.stdin:
            print(json.dumps(list(executor.map(heard, json.loads(line)))), file=answers, flush=True)
