"""The worker: claims jobs, decodes, transcribes and reports. One process holds one model."""

import os

from worker.instruction_set import wide_vectors

# Before anything imports numpy: its matrix products are small here, and threads that wait for the next one would take
# the cores from the model (7.5 ms of computing for the features of a clip of 5 s, 1.2 with one thread).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before anything imports it: the library of the voice activity detector reports its use to its makers if it is let.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Before CTranslate2 looks; what it is worth is in docs/decisions/0044.
if wide_vectors():
    os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
