"""Reads the tensors of a file that PyTorch has saved, without PyTorch.

Such a file is a ZIP of raw arrays and a pickle that names them, of which nothing is run but what rebuilds a tensor.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


def tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a state dict by their names.

    Raises:
        ValueError: the file is none, or holds something else than tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (index,) = (name for name in archive.namelist() if PurePosixPath(name).name == "data.pkl")
            folder = PurePosixPath(index).parent / "data"
            with archive.open(index) as file:
                found = _Unpickler(file, lambda key: archive.read(str(folder / key))).load()
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError) as error:
        raise ValueError(f"{path.name} holds no tensors: {error}") from error
    return dict(found)


class _Unpickler(pickle.Unpickler):
    """Knows tensors, and nothing else that a pickle might name."""

    def __init__(self, file: IO[bytes], stored: Callable[[str], bytes]) -> None:
        super().__init__(file)
        self._stored = stored

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise _refused(f"{module}.{name}")

    def persistent_load(self, pid: tuple[str, np.dtype[Any], str, str, int]) -> NDArray[Any]:
        """Return the array that a tensor is a view of."""
        kind, dtype, key, _, _ = pid
        if kind != "storage":
            raise _refused(kind)
        return np.frombuffer(self._stored(key), dtype=dtype)


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    size = storage.itemsize
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, [stride * size for stride in strides]).copy()


def _refused(name: str) -> pickle.UnpicklingError:
    return pickle.UnpicklingError(f"it names {name}")
