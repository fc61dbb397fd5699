"""Finds how many voices there are, and what each sounds like, from embeddings of short windows.

Agglomerative clustering by average linkage of cosine similarities. Of unit vectors that average is the product of the
clusters' sums, divided by their sizes: clusters of clusters cost no more than clusters of windows, and a recording of
ten hours is reduced block by block.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_SPEAKERS: Final = 20
"""Told apart unless a job says otherwise."""

_SAME_VOICE: Final = 0.35
"""Mean similarity above which two clusters are one voice (CAM++: about 0.6 within a voice, 0.05 across;
docs/decisions/0038)."""
_SURELY_SAME: Final = 0.5
_STEP: Final = 0.05
"""By how much more alike a voice has to be, as long as there are fewer than there must be."""
_LEAST_WINDOWS: Final = 3
"""Of a voice of its own: fewer are noise, or the moment of a change."""
_BLOCK: Final = 400
"""Embeddings whose similarities are looked at at once."""


@dataclass(frozen=True, slots=True)
class _Clusters:
    sums: NDArray[np.float32]
    """Of unit vectors, shape (clusters, width)."""
    sizes: NDArray[np.float32]
    """Vectors of each."""

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> "_Clusters":
        return _Clusters(self.sums[which], self.sizes[which])


def voices(embeddings: NDArray[np.float32], *, at_least: int, at_most: int) -> NDArray[np.float32]:
    """Return what each voice sounds like: unit vectors of shape (voices, width).

    Args:
        embeddings: Unit vectors of shape (windows, width), in the order of time.
        at_least: Voices; fewer are found where there are fewer windows.
        at_most: Voices.
    """
    clusters = _Clusters(embeddings, np.ones(len(embeddings), dtype=np.float32))
    while len(clusters) > _BLOCK:
        blocks = [
            _merged(clusters[start : start + _BLOCK], alike=_SURELY_SAME, at_most=_BLOCK // 8)
            for start in range(0, len(clusters), _BLOCK)
        ]
        clusters = _Clusters(
            np.concatenate([block.sums for block in blocks]), np.concatenate([block.sizes for block in blocks])
        )
    found = clusters
    for alike in np.arange(_SAME_VOICE, 1.0, _STEP):
        found = _large(_merged(clusters, alike=float(alike), at_most=at_most))
        if len(found) >= at_least:
            break
    directions: NDArray[np.float32] = found.sums / np.linalg.norm(found.sums, axis=1, keepdims=True)
    return directions


def _large(clusters: _Clusters) -> _Clusters:
    """Return the clusters that are voices; all of them, if all are small."""
    is_large = clusters.sizes >= min(_LEAST_WINDOWS, clusters.sizes.max(initial=0))
    return clusters[is_large]


def _merged(clusters: _Clusters, *, alike: float, at_most: int) -> _Clusters:
    """Merge the two that are most alike, again and again: as long as they are alike, or there are too many."""
    sums, sizes = clusters.sums.copy(), clusters.sizes.copy()
    similarities = sums @ sums.T / np.outer(sizes, sizes)
    np.fill_diagonal(similarities, -np.inf)
    is_left = np.ones(len(sizes), dtype=bool)
    for left in range(len(sizes), 1, -1):
        one, other = divmod(int(similarities.argmax()), len(sizes))
        if similarities[one, other] < alike and left <= at_most:
            break
        sums[one] += sums[other]
        sizes[one] += sizes[other]
        is_left[other] = False
        similarities[one] = np.where(is_left, sums @ sums[one] / (sizes * sizes[one]), -np.inf)
        similarities[one, one] = -np.inf
        similarities[:, one] = similarities[one]
        similarities[other] = similarities[:, other] = -np.inf
    return _Clusters(sums, sizes)[is_left]
