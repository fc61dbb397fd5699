"""The network CAM++ as an ONNX model, built around weights that are stored as tensors.

CAM++ (Wang et al., Interspeech 2023, arXiv 2303.00332) makes of filter-bank features an embedding of the voice: a small
two-dimensional convolution in front, then a densely connected TDNN whose layers are masked by their context.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_BLOCKS: Final = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each dense block."""
_MOST_FRAMES: Final = 200
"""The context of a layer is a mean over all frames plus one over its own 200; up to so many both are the same."""
_OPSET: Final = 17


def build(tensors: Mapping[str, NDArray[Any]], *, frames: int, bins: int) -> bytes:
    """Return a model that takes features of shape (windows, frames, bins) and gives embeddings (windows, 192).

    Args:
        tensors: The weights, named as 3D-Speaker's training names them.
        frames: Of a window, at most 200.
        bins: Of the filter bank.

    Raises:
        ValueError: the windows are too long.
        KeyError: a weight is missing.
    """
    if frames > _MOST_FRAMES:
        raise ValueError(f"A window has at most {_MOST_FRAMES} frames.")
    graph = _Graph(tensors)
    head = _head(graph, bins)
    output = _dense_tdnn(graph, head)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "campplus",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["windows", frames, bins])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["windows", "width"])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    serialized: bytes = model.SerializeToString()
    return serialized


class _Graph:
    """Nodes as they are added, each a function of the names of values."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - as ONNX defines them
        output = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, x: str, name: str, **attributes: Sequence[int]) -> str:
        weights = [f"{name}.weight", f"{name}.bias"]
        return self.add(
            "Conv", x, *(self.constant(self._tensors[each]) for each in weights if each in self._tensors), **attributes
        )

    def norm(self, x: str, name: str) -> str:
        mean, variance = self._tensors[f"{name}.running_mean"], self._tensors[f"{name}.running_var"]
        scale = self._tensors.get(f"{name}.weight", np.ones_like(mean))
        shift = self._tensors.get(f"{name}.bias", np.zeros_like(mean))
        return self.add("BatchNormalization", x, *map(self.constant, (scale, shift, mean, variance)))

    def relu(self, x: str) -> str:
        return self.add("Relu", x)


def _head(graph: _Graph, bins: int) -> str:
    """Add the convolutions over time and frequency, which leave an eighth of the bins; shape (windows, n, frames)."""
    image = graph.add("Unsqueeze", graph.add("Transpose", "features", perm=[0, 2, 1]), graph.constant(np.array([1])))
    image = _normed(graph, image, "head.conv1", "head.bn1")
    for layer in ("head.layer1", "head.layer2"):
        image = _residual(graph, image, f"{layer}.0", stride=2)
        image = _residual(graph, image, f"{layer}.1", stride=1)
    image = _normed(graph, image, "head.conv2", "head.bn2", stride=2)
    return graph.add("Reshape", image, graph.constant(np.array([0, 4 * bins, -1])))


def _normed(graph: _Graph, x: str, conv: str, norm: str, *, stride: int = 1) -> str:
    return graph.relu(graph.norm(graph.conv(x, conv, pads=[1, 1, 1, 1], strides=[stride, 1]), norm))


def _residual(graph: _Graph, x: str, name: str, *, stride: int) -> str:
    inner = _normed(graph, x, f"{name}.conv1", f"{name}.bn1", stride=stride)
    inner = graph.norm(graph.conv(inner, f"{name}.conv2", pads=[1, 1, 1, 1]), f"{name}.bn2")
    if stride > 1:
        x = graph.norm(graph.conv(x, f"{name}.shortcut.0", strides=[stride, 1]), f"{name}.shortcut.1")
    return graph.relu(graph.add("Add", inner, x))


def _dense_tdnn(graph: _Graph, x: str) -> str:
    """Add all that comes behind the head, and return the name of the embeddings."""
    x = graph.conv(x, "xvector.tdnn.linear", pads=[2, 2], strides=[2])
    x = graph.relu(graph.norm(x, "xvector.tdnn.nonlinear.batchnorm"))
    for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
        for layer in range(1, layers + 1):
            grown = _dense_layer(graph, x, f"xvector.block{number}.tdnnd{layer}", dilation)
            x = graph.add("Concat", x, grown, axis=1)
        x = graph.relu(graph.norm(x, f"xvector.transit{number}.nonlinear.batchnorm"))
        x = graph.conv(x, f"xvector.transit{number}.linear")
    x = graph.relu(graph.norm(x, "xvector.out_nonlinear.batchnorm"))
    statistics = graph.add("Unsqueeze", _statistics(graph, x), graph.constant(np.array([2])))
    embedding = graph.norm(graph.conv(statistics, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
    return graph.add("Squeeze", embedding, graph.constant(np.array([2])))


def _dense_layer(graph: _Graph, x: str, name: str, dilation: int) -> str:
    x = graph.conv(graph.relu(graph.norm(x, f"{name}.nonlinear1.batchnorm")), f"{name}.linear1")
    x = graph.relu(graph.norm(x, f"{name}.nonlinear2.batchnorm"))
    local = graph.conv(x, f"{name}.cam_layer.linear_local", pads=[dilation, dilation], dilations=[dilation])
    mean = graph.add("ReduceMean", x, axes=[2], keepdims=1)
    context = graph.relu(graph.conv(graph.add("Add", mean, mean), f"{name}.cam_layer.linear1"))
    return graph.add("Mul", local, graph.add("Sigmoid", graph.conv(context, f"{name}.cam_layer.linear2")))


def _statistics(graph: _Graph, x: str) -> str:
    """Add mean and deviation over time."""
    mean = graph.add("ReduceMean", x, axes=[2], keepdims=1)
    difference = graph.add("Sub", x, mean)
    squares = graph.add(
        "ReduceSum", graph.add("Mul", difference, difference), graph.constant(np.array([2])), keepdims=0
    )
    # Of a sample: divided by one less than the frames.
    frames = graph.add(
        "Cast", graph.add("Gather", graph.add("Shape", x), graph.constant(np.array(2))), to=TensorProto.FLOAT
    )
    free = graph.add("Sub", frames, graph.constant(np.array(1, dtype=np.float32)))
    deviation = graph.add("Sqrt", graph.add("Div", squares, free))
    return graph.add("Concat", graph.add("Squeeze", mean, graph.constant(np.array([2]))), deviation, axis=1)
