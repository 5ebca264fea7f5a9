"""Detects and embeds with ONNX Runtime and numpy, by the definition of the models and without a line of ours.

usage: reference.py DETECTOR RECOGNISER PIXELS...   each PIXELS: 640 x 640 x 3 bytes, red, green, blue
prints one JSON list: for each picture its five points and its template
"""
import json
import sys

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper

SIDE = 640
PLACES = numpy.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def plain(path):
    """The model with its weights as plain numbers: ONNX Runtime takes them in blocks along some axes only."""
    model = onnx.load(path)
    graph = model.graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "DequantizeLinear"]:
        numbers = {one.name: one.i for one in node.attribute}
        values, scales, zeros = (constants[name] for name in node.input)
        axis, block = numbers["axis"], numbers["block_size"]
        wide = [
            numpy.repeat(one, block, axis).take(range(values.shape[axis]), axis).astype(numpy.float32)
            for one in (scales, zeros)
        ]
        weights = (values.astype(numpy.float32) - wide[1]) * wide[0]
        graph.initializer.append(numpy_helper.from_array(weights, node.output[0]))
        graph.node.remove(node)
    return model.SerializeToString()


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(plain(path), options, providers=["CPUExecutionProvider"])


def run(model, values):
    given = {}
    for wanted in model.get_inputs():
        # The original weights are named as inputs, too, though nothing uses them.
        given[wanted.name] = numpy.zeros(wanted.shape, numpy.float32)
    given[model.get_inputs()[0].name] = values.astype(numpy.float32)
    names = [output.name for output in model.get_outputs()]
    return dict(zip(names, model.run(names, given)))


def landmarks(detector, pixels):
    blue_green_red = pixels[:, :, ::-1].transpose(2, 0, 1)[None]
    outputs = run(detector, blue_green_red)
    best = (0.0, None)
    for stride in (8, 16, 32):
        cls, obj = (outputs[f"{name}_{stride}"][0, :, 0].clip(0, 1) for name in ("cls", "obj"))
        scores = numpy.sqrt(cls * obj)
        index = int(scores.argmax())
        if scores[index] > best[0]:
            row, column = divmod(index, SIDE // stride)
            points = outputs[f"kps_{stride}"][0, index].reshape(5, 2)
            best = (scores[index], (points + [column, row]) * stride)
    return best[1]


def similarity(source, target):
    """Umeyama's, in its general form by singular values."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    source, target = source - source_mean, target - target_mean
    left, scales, right = numpy.linalg.svd(target.T @ source / len(source))
    sign = numpy.diag([1.0, numpy.sign(numpy.linalg.det(left) * numpy.linalg.det(right))])
    rotation = left @ sign @ right
    scale = (scales * sign.diagonal()).sum() / source.var(0).sum()
    return scale * rotation, target_mean - scale * rotation @ source_mean


def aligned(pixels, points):
    matrix, moved = similarity(PLACES, points)
    grid = numpy.stack(numpy.meshgrid(numpy.arange(112), numpy.arange(112)), -1)
    at = grid @ matrix.T + moved
    low = numpy.floor(at).astype(int)
    part = at - low
    padded = numpy.pad(pixels.astype(float), ((1, 2), (1, 2), (0, 0)))
    low = low.clip(-1, SIDE)

    def pixel(down, right):
        return padded[low[..., 1] + 1 + down, low[..., 0] + 1 + right]

    x, y = part[..., 0:1], part[..., 1:2]
    upper = pixel(0, 0) * (1 - x) + pixel(0, 1) * x
    lower = pixel(1, 0) * (1 - x) + pixel(1, 1) * x
    return upper * (1 - y) + lower * y


def main():
    detector, recogniser = session(sys.argv[1]), session(sys.argv[2])
    found = []
    for path in sys.argv[3:]:
        pixels = numpy.fromfile(path, numpy.uint8).reshape(SIDE, SIDE, 3)
        points = landmarks(detector, pixels)
        face = aligned(pixels, points).transpose(2, 0, 1)[None]
        template = run(recogniser, face)["fc1"][0]
        found.append({"points": points.tolist(), "template": template.tolist()})
    print(json.dumps(found))


main()
