"""Says in one line on what a measurement ran."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """Return CPU, cores, memory, Python, the inference libraries' versions, and how busy the machine is just now."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    libraries = ", ".join(f"{name} {version(name)}" for name in ("faster-whisper", "ctranslate2"))
    return (
        f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB, "
        f"Python {platform.python_version()}, {libraries}, load average {os.getloadavg()[0]:.1f} at the start"
    )
