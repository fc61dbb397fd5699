"""Which of the processor's vector instructions CTranslate2's own kernels are to use.

It chooses AVX2 for itself, AVX-512 only when told (CTranslate2's environment variables: `CT2_FORCE_CPU_ISA`). On
processors that slow down for 512 bits that is right; later ones don't. Measured in docs/decisions/0044.
"""

from pathlib import Path
from typing import Final

_NEEDED: Final = frozenset({"avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw"})
"""What CTranslate2 wants to see before it takes AVX-512; it refuses to start where it is told to and one is missing."""
_LATER: Final = "avx512_vbmi2"
"""Of Ice Lake and Zen 4 and what came after them, which run 512 bits at full or nearly full speed; not of Skylake and
Cascade Lake, which don't."""


def wide_vectors(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether this processor has AVX-512, and is no slower for it.

    `cpu_info` is as Linux has it; where there is none, the answer is no.
    """
    try:
        with cpu_info.open(encoding="ascii", errors="replace") as lines:
            flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    except OSError:
        return False
    return {*_NEEDED, _LATER} <= set(flags.split())
