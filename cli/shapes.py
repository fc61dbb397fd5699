"""Which shapes of a worker `bench` tries: the user's, or a few that are sensible for the machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.sizing import Machine, Quality, Shape

_FIRST_BATCH_SIZE = {"cpu": 4, "cuda": 32}
_OTHER_BATCH_SIZES = {"cpu": (1, 8), "cuda": (8, 64)}
_CORES_FOR_PAIRS = 4
"""From so many cores on, teams of two threads are worth a look."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants tried; what is empty is left to us."""

    replicas: Sequence[int] = ()
    compute_threads: Sequence[int] = ()
    batch_sizes: Sequence[int] = ()


def first_shapes(wish: Wish, machine: Machine, quality: Quality) -> list[Shape]:
    """Return what is tried in any case: every team with every batch size asked for."""
    if quality == "accurate":
        sizes: Sequence[int] = (1,)  # it hears window after window, and batches nothing
    else:
        sizes = wish.batch_sizes or (_FIRST_BATCH_SIZE[machine.device],)
    return [
        Shape(replicas=replicas, compute_threads=threads, batch_size=size)
        for replicas, threads in _teams(wish, machine)
        for size in sizes
    ]


def further_shapes(wish: Wish, machine: Machine, quality: Quality, best: Shape) -> list[Shape]:
    """Return what is tried of the best of the first: other batch sizes, unless the user has named some."""
    if wish.batch_sizes or quality == "accurate":
        return []
    return [best.model_copy(update={"batch_size": size}) for size in _OTHER_BATCH_SIZES[machine.device]]


def _teams(wish: Wish, machine: Machine) -> list[tuple[int, int]]:
    """Return pairs of replicas and threads of each, none twice."""
    cores = machine.cores
    if machine.device == "cuda":
        # The GPU computes; threads of the CPU are CTranslate2's own affair.
        found = [(replicas, threads) for replicas in wish.replicas or (1,) for threads in wish.compute_threads or (0,)]
    elif wish.replicas and wish.compute_threads:
        found = [(replicas, threads) for replicas in wish.replicas for threads in wish.compute_threads]
    elif wish.replicas:
        found = [(replicas, max(1, cores // replicas)) for replicas in wish.replicas]
    elif wish.compute_threads:
        found = [(max(1, cores // threads), threads) for threads in wish.compute_threads]
    else:
        found = [(cores, 1), *([(cores // 2, 2)] if cores >= _CORES_FOR_PAIRS else []), (1, cores)]
    return list(dict.fromkeys(found))
