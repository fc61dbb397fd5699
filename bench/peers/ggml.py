"""Writes a CTranslate2 Whisper model as whisper.cpp reads it, so that it runs on the very same weights.

CTranslate2's file (specification 6): a name, then variables of float16 under names of its own, where the projections
that read the same input are one matrix. whisper.cpp's: hyperparameters, mel filters, vocabulary and tensors under
OpenAI's names. Matrices become Q8_0, whisper.cpp's 8-bit format: blocks of 32 with a scale each.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
_Variables = Mapping[str, Tensor]

_MAGIC = 0x67676D6C
_F32, _F16, _Q8_0 = 0, 1, 8
_FILE_TYPE = 2007
"""Mostly Q8_0 (7), in version 2 of ggml's quantisation (a factor of 1000)."""
_BLOCK = 32
_CT2_FLOAT16 = 4
_TOKENS = 50_257
"""Whisper's multilingual vocabulary without its special tokens, which whisper.cpp adds itself."""


def write_ggml(model: Path, path: Path) -> None:
    """Write a folder's model, float16 as converted from OpenAI's, to a file."""
    variables = _variables(model / "model.bin")
    layers = sum(name.endswith("ffn/linear_0/weight") for name in variables) // 2
    context, state = variables["encoder/position_encodings/encodings"].shape
    text_context, _ = variables["decoder/position_encodings/encodings"].shape
    vocabulary, _ = variables["decoder/embeddings/weight"].shape
    mels = variables["encoder/conv1/weight"].shape[1]
    heads = state // 64
    with path.open("wb") as file:
        header = (_MAGIC, vocabulary, context, state, heads, layers, text_context, state, heads, layers, mels)
        file.write(struct.pack("<12i", *header, _FILE_TYPE))
        filters = np.asarray(FeatureExtractor(feature_size=mels).mel_filters, dtype="<f4")
        file.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
        file.write(struct.pack("<i", _TOKENS))
        for token in _tokens(model / "tokenizer.json"):
            file.write(struct.pack("<i", len(token)) + token)
        for name, tensor in _tensors(variables, layers):
            _write(file, name, tensor)


def _variables(path: Path) -> _Variables:
    """Return CTranslate2's variables by name, those that are numbers of the model's shape left out."""
    found = {}
    with path.open("rb") as file:

        def read(layout: str) -> tuple[int, ...]:
            return struct.unpack(f"<{layout}", file.read(struct.calcsize(f"<{layout}")))

        def text() -> str:
            return file.read(*read("H")).rstrip(b"\0").decode()

        read("I"), text(), read("I")
        (count,) = read("I")
        for _ in range(count):
            name, (rank,) = text(), read("B")
            shape, (kind,), (size,) = read(f"{rank}I"), read("B"), read("I")
            data = file.read(size)
            if rank and kind == _CT2_FLOAT16:
                found[name] = np.frombuffer(data, dtype="<f2").reshape(shape).astype(np.float32)
    return found


def _tokens(path: Path) -> list[bytes]:
    """Return the vocabulary's tokens, in order, as the bytes they stand for."""
    # GPT-2 writes bytes as characters: the printable ones of Latin-1 as they are, the others from 256 on.
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    byte_of = {chr(byte): byte for byte in plain} | {chr(0x100 + n): byte for n, byte in enumerate(others)}
    vocabulary = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    by_number = {number: token for token, number in vocabulary.items()}
    return [bytes(byte_of[character] for character in by_number[number]) for number in range(_TOKENS)]


def _tensors(variables: _Variables, layers: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the model's tensors under OpenAI's names."""
    for side in ("encoder", "decoder"):
        yield f"{side}.positional_embedding", variables[f"{side}/position_encodings/encodings"]
        for number in range(layers):
            theirs, ours = f"{side}.blocks.{number}", f"{side}/layer_{number}"
            yield from _attention(variables, f"{theirs}.attn", f"{ours}/self_attention", (0,))
            if side == "decoder":
                yield from _attention(variables, f"{theirs}.cross_attn", f"{ours}/attention", (0, 1))
            yield from _linear(variables, f"{theirs}.mlp.0", f"{ours}/ffn/linear_0")
            yield from _linear(variables, f"{theirs}.mlp.2", f"{ours}/ffn/linear_1")
            yield from _norm(variables, f"{theirs}.mlp_ln", f"{ours}/ffn/layer_norm")
        yield from _norm(variables, "encoder.ln_post" if side == "encoder" else "decoder.ln", f"{side}/layer_norm")
    for number in (1, 2):
        yield f"encoder.conv{number}.weight", variables[f"encoder/conv{number}/weight"]
        yield f"encoder.conv{number}.bias", variables[f"encoder/conv{number}/bias"][:, None]
    yield "decoder.token_embedding.weight", variables["decoder/embeddings/weight"]


def _attention(variables: _Variables, theirs: str, ours: str, fused: Sequence[int]) -> Iterator[tuple[str, Tensor]]:
    """Yield query, key and value apart, from the linear layers that hold them one above the other."""
    for kind in ("weight", "bias"):
        together = np.concatenate([variables[f"{ours}/linear_{number}/{kind}"] for number in fused])
        for name, part in zip(("query", "key", "value"), np.split(together, 3), strict=True):
            if (name, kind) != ("key", "bias"):  # Whisper's keys have none, which CTranslate2 writes as zeros
                yield f"{theirs}.{name}.{kind}", part
    yield from _linear(variables, f"{theirs}.out", f"{ours}/linear_{len(fused)}")
    yield from _norm(variables, f"{theirs}_ln", f"{ours}/layer_norm")


def _linear(variables: _Variables, theirs: str, ours: str) -> Iterator[tuple[str, Tensor]]:
    yield f"{theirs}.weight", variables[f"{ours}/weight"]
    yield f"{theirs}.bias", variables[f"{ours}/bias"]


def _norm(variables: _Variables, theirs: str, ours: str) -> Iterator[tuple[str, Tensor]]:
    yield f"{theirs}.weight", variables[f"{ours}/gamma"]
    yield f"{theirs}.bias", variables[f"{ours}/beta"]


def _write(file: BinaryIO, name: str, tensor: Tensor) -> None:
    if tensor.ndim == 3:
        kind, data = _F16, tensor.astype("<f2").tobytes()
    elif tensor.ndim == 2 and not name.endswith(("bias", "positional_embedding")):
        kind, data = _Q8_0, _quantised(tensor)
    else:
        kind, data = _F32, tensor.astype("<f4").tobytes()
    encoded = name.encode()
    file.write(struct.pack("<3i", tensor.ndim, len(encoded), kind))
    file.write(struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape)) + encoded + data)


def _quantised(matrix: Tensor) -> bytes:
    """Return a matrix as Q8_0: of every 32 numbers a float16 scale and 32 signed bytes."""
    blocks = matrix.reshape(-1, _BLOCK)
    scales = np.abs(blocks).max(axis=1, keepdims=True) / 127
    packed = np.empty(len(blocks), dtype=[("scale", "<f2"), ("values", "i1", _BLOCK)])
    packed["scale"] = scales[:, 0]
    packed["values"] = np.rint(blocks / np.where(scales, scales, 1))
    return packed.tobytes()
