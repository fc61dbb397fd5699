"""Which vector instructions the model's library is told to use."""

from pathlib import Path

import pytest

from worker.instruction_set import wide_vectors

_COMMON = "fpu sse4_1 avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "wide"),
    [
        (f"{_COMMON} avx512_vbmi2 avx512_vnni", True),
        (f"{_COMMON} avx512_vnni", False),  # Cascade Lake
        ("fpu sse4_1 avx avx2 fma", False),
        (f"{_COMMON} avx512_vbmi2".replace(" avx512vl", ""), False),
    ],
)
def test_avx512_is_used_where_it_is_whole_and_not_slower(flags: str, wide: bool, tmp_path: Path) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(
        f"processor\t: 0\nmodel name\t: some\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n"
    )
    assert wide_vectors(cpu_info) is wide


def test_a_machine_without_cpuinfo_keeps_the_librarys_choice(tmp_path: Path) -> None:
    assert not wide_vectors(tmp_path / "missing")
    other = tmp_path / "arm"
    other.write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert not wide_vectors(other)
