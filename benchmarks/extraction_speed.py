"""Posters per second: the original way, this package, and plain PyTorch, on the same posters in the same run.

python benchmarks/extraction_speed.py --posters FOLDER [--torch PYTHON] [--rounds 3]

Every contender is a process of its own; in each round all take their turn, and ratios are taken within a round.
The weights of the networks are random (seeded), which costs what any weights cost.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import keep, run_worker, spread, table

#: Multiplications and additions of VGG16's thirteen convolutions for one 224 x 224 poster.
VGG16_FLOP = 2 * sum(
    size**2 * 9 * inputs * outputs
    for size, inputs, outputs in [
        (224, 3, 64), (224, 64, 64), (112, 64, 128), (112, 128, 128), (56, 128, 256), (56, 256, 256), (56, 256, 256),
        (28, 256, 512), (28, 512, 512), (28, 512, 512), (14, 512, 512), (14, 512, 512), (14, 512, 512),
    ]
)  # fmt: skip


# What a contender does. Each returns posters per second, after a first call that is not counted.


def original_way(task: dict, paths: list[Path]) -> float:
    """One poster after the other: load_img, preprocess_input, predict; all kept in a list."""
    import keras
    from keras.applications.vgg16 import VGG16, preprocess_input

    keras.utils.set_random_seed(0)
    model = VGG16(weights=None, include_top=False)
    features = []

    def one(path):
        image = keras.utils.img_to_array(keras.utils.load_img(path, target_size=(224, 224)))
        features.append(
            model.predict(preprocess_input(np.expand_dims(image, 0)), verbose=0).flatten()
        )

    one(paths[0])
    started = time.perf_counter()
    for path in paths:
        one(path)
    return len(paths) / (time.perf_counter() - started)


def whole_extraction(task: dict, paths: list[Path]) -> float:
    """`extract`: read, check, decode, resize, network, and every batch safely in the store."""
    from poster_analysis.collection.posters import read_collection
    from poster_analysis.extraction import extract as extraction
    from poster_analysis.extraction.backbones import load_backbone

    backbone = loaded(load_backbone, task)
    if "ahead" in task:
        original = extraction._ahead
        extraction._ahead = lambda threads, load, keys, n: original(
            threads, load, keys, task["ahead"]
        )
    backbone.transform(np.zeros((1, *backbone.input_size, 3), np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        posters = Path(folder, "posters")
        posters.mkdir()
        for path in paths:
            (posters / path.name).write_bytes(path.read_bytes())
        collection = read_collection(posters)
        started = time.perf_counter()
        extraction.extract(collection, backbone, Path(folder, "store"), progress=False)
        return len(paths) / (time.perf_counter() - started)


def loaded(load_backbone, task: dict):
    options = {name: task[name] for name in ("precision", "batch_size") if name in task}
    weights = "random" if task["backbone"] != "colour" else "none"
    return load_backbone(task["backbone"], weights=weights, **options)


def network_alone(task: dict, paths: list[Path]) -> float:
    """`Backbone.transform` of posters that are in memory."""
    import keras

    from poster_analysis.extraction.backbones import load_backbone

    if task.get("policy"):
        keras.config.set_dtype_policy = lambda _, original=keras.config.set_dtype_policy: original(
            task["policy"]
        )
    backbone = loaded(load_backbone, task)
    if task.get("compiled"):
        backbone = compiled(backbone)
    images = np.random.default_rng(0).integers(
        0, 256, (len(paths), *backbone.input_size, 3), np.uint8
    )
    backbone.transform(images[: 2 * backbone.batch_size])
    started = time.perf_counter()
    backbone.transform(images)
    return len(paths) / (time.perf_counter() - started)


def compiled(backbone):
    """The same network, compiled by XLA as a whole."""
    from dataclasses import replace

    import tensorflow as tf

    model = backbone._maps.__self__
    function = tf.function(lambda x: model(x, training=False), jit_compile=True)
    return replace(backbone, _maps=lambda batch: function(batch).numpy())


def plain_torch(task: dict, paths: list[Path]) -> float:
    """The thirteen convolutions in PyTorch, bfloat16, channels last, posters in memory already: no reading, no storing."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers, inputs = [], 3
    for outputs in [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]:
        if outputs:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = outputs
        else:
            layers.append(nn.MaxPool2d(2, 2))
    dtype = getattr(torch, task["precision"])
    model = nn.Sequential(*layers).eval().to(dtype).to(memory_format=torch.channels_last)
    size = task["batch_size"]
    batch = torch.randn(size, 3, 224, 224).to(dtype).to(memory_format=torch.channels_last)
    n = -(-len(paths) // size)
    with torch.inference_mode():
        model(batch), model(batch)
        started = time.perf_counter()
        for _ in range(n):
            model(batch)
        return n * size / (time.perf_counter() - started)


def matrix_speed(task: dict, paths: list[Path]) -> float:
    """Square products, in 10^9 operations per second."""
    import torch

    n, dtype = 4096, getattr(torch, task["precision"])
    A, B = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    with torch.inference_mode():
        A @ B
        started = time.perf_counter()
        for _ in range(3):
            A @ B
        return 3 * 2 * n**3 / (time.perf_counter() - started) / 1e9


CONTENDERS = {
    "original": original_way,
    "extract": whole_extraction,
    "network": network_alone,
    "torch": plain_torch,
    "matrix": matrix_speed,
}


def tasks(has_torch: bool) -> dict[str, dict]:
    """Name of each row and what is measured."""
    vgg = {"backbone": "vgg16", "n": 64}
    fast = vgg | {"precision": "bfloat16"}
    network = {"kind": "network"}
    rows = {
        "VGG16, the original way (one `predict` per poster, float32)": vgg | {"kind": "original", "n": 32},
        "VGG16, `extract`, float32": vgg | {"kind": "extract", "precision": "float32"},
        "VGG16, `extract`, bfloat16": fast | {"kind": "extract"},
        "VGG16, `extract`, bfloat16, not reading ahead": fast | {"kind": "extract", "ahead": 0},
        **{f"VGG16, network alone, bfloat16, batches of {n}": fast | network | {"batch_size": n} for n in (1, 4, 16, 64)},
        "VGG16, network alone, bfloat16 throughout (weights too)": fast | network | {"policy": "bfloat16"},
        "VGG16, network alone, bfloat16, compiled by XLA": fast | network | {"compiled": True},
        "VGG16, network alone, bfloat16, one thread": fast | network | {"threads": 1, "n": 32},
        **{
            f"{name}, network alone, {precision}": network | {"backbone": name, "precision": precision, "n": 128}
            for name in ("mobilenet_0.75", "resnet50", "efficientnetv2b0", "convnexttiny")
            for precision in ("float32", "bfloat16")
        },
        "MobileNet 0.75, `extract`, float32": {"kind": "extract", "backbone": "mobilenet_0.75", "precision": "float32", "n": 400},
        "colour, `extract`": {"kind": "extract", "backbone": "colour", "n": 1000},
    }  # fmt: skip
    if has_torch:
        torch = {"kind": "torch", "n": 64, "batch_size": 16}
        rows |= {
            "VGG16, plain PyTorch, bfloat16": torch | {"precision": "bfloat16"},
            "VGG16, plain PyTorch, float32": torch | {"precision": "float32"},
            "matrix product, bfloat16 (10⁹ operations/s)": {"kind": "matrix", "precision": "bfloat16", "n": 1},
            "matrix product, float32 (10⁹ operations/s)": {"kind": "matrix", "precision": "float32", "n": 1},
        }  # fmt: skip
    return rows


def measure(arguments: argparse.Namespace) -> dict[str, list[float]]:
    """All contenders, round after round."""
    rows = tasks(bool(arguments.torch))
    speeds = {name: [] for name in rows}
    for n in range(arguments.rounds):
        for name, task in rows.items():
            python = arguments.torch if task["kind"] in ("torch", "matrix") else sys.executable
            task = task | {"posters": arguments.posters}
            speeds[name].append(run_worker(__file__, task, python=python)["speed"])
            print(f"{n + 1}/{arguments.rounds} {name}: {speeds[name][-1]:,.1f}", file=sys.stderr)
    return speeds


def ratio(speeds: dict, one: str, other: str) -> str:
    """How many times as fast, round by round."""
    return spread([a / b for a, b in zip(speeds[one], speeds[other], strict=True)], 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters")
    parser.add_argument("--torch", help="an interpreter that has PyTorch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        return work(json.loads(arguments.task))
    speeds = measure(arguments)
    first, ours, plain, *_ = speeds
    slow, fast = first, plain
    lines = [
        f"`extract` in bfloat16 is {ratio(speeds, fast, slow)} times as fast as the original way, in float32 {ratio(speeds, ours, slow)} times.",
    ]
    if arguments.torch:
        torch, matrix = (
            "VGG16, plain PyTorch, bfloat16",
            "matrix product, bfloat16 (10⁹ operations/s)",
        )
        lines.append(
            f"With reading and storing it is {ratio(speeds, fast, torch)} times as fast as PyTorch's network alone."
        )
        share = [
            speed * VGG16_FLOP / 1e9 / limit
            for speed, limit in zip(speeds[fast], speeds[matrix], strict=True)
        ]
        lines.append(
            f"It uses {spread([100 * value for value in share])} % of the speed of PyTorch's bfloat16 matrix product (4,096 x 4,096), counting VGG16's {VGG16_FLOP / 1e9:.1f}·10⁹ operations per poster."
        )
    rows = [[name, spread(values)] for name, values in speeds.items()]
    keep(
        "extraction_speed",
        "Speed of extraction",
        f"Posters per second: median (minimum to maximum) of {arguments.rounds} rounds. " + " ".join(lines),
        table(["what", "posters/s"], rows),
        command=f"python benchmarks/extraction_speed.py --posters POSTERS{' --torch PYTHON' if arguments.torch else ''} --rounds {arguments.rounds}",
    )  # fmt: skip


def work(task: dict) -> None:
    """One contender, once."""
    paths = sorted(Path(task["posters"]).glob("*.jpg"))[: task["n"]]
    if task.get("threads"):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(task["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(task["threads"])
    print(json.dumps({"speed": CONTENDERS[task["kind"]](task, paths)}))


if __name__ == "__main__":
    main()
