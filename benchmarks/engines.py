"""What computes a network fastest: Keras, OpenVINO, ONNX Runtime or PyTorch, every family in the same run.

python benchmarks/engines.py [--torch PYTHON] [--rounds 3] [--networks vgg16,convnexttiny]

One process holds the network as this package computes it, another one torchvision's, in PyTorch and exported to ONNX Runtime.
Both stay, and in every round each contender takes its turn with the same number of posters, alone. Weights and posters are random.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from common import keep, spread, table

BATCH = 16
#: Of each network torchvision's name, if it has it, and how many batches are computed at a turn.
NETWORKS = {
    "vgg16": ("vgg16", 1),
    "resnet50": ("resnet50", 3),
    "mobilenet_0.75": ("", 12),
    "efficientnetv2b0": ("", 6),
    "efficientnetv2s": ("efficientnet_v2_s", 1),
    "convnexttiny": ("convnext_tiny", 1),
}
FIRST = "Keras, float32"


# What a process offers: contenders by name, each a function of nothing that computes one batch.


def ours(name: str) -> dict[str, Callable]:
    """The network as `load_network` has it computed, and ConvNeXt as Keras builds it."""
    from poster_analysis.extraction import networks
    from poster_analysis.extraction.engines import start_engine

    size = networks.NETWORKS[name].size
    images = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3), np.uint8)
    load = partial(networks.load_network, name, weights="random", batch_size=BATCH)
    network = load()
    contenders = {FIRST: network.maps, "Keras, bfloat16": load(precision="bfloat16").maps}
    model = network.maps.__self__  # read by OpenVINO in both precisions, not built again for each
    for precision in ("float32", "bfloat16"):
        options = {"precision": precision, "framework": network.framework}
        contenders[f"OpenVINO, {precision}"] = start_engine("openvino", model, **options)[0]
    if name.startswith("convnext"):
        networks.with_depthwise_layers = lambda keras, model: model
        contenders["Keras, float32, in groups as Keras builds it"] = load().maps
    return {label: partial(maps, images) for label, maps in contenders.items()}


def mobilenet():
    """MobileNet of width 0.75 without its classifier, which torchvision does not have."""
    from torch import nn

    def block(inputs, outputs, stride, groups=1, kernel=3):
        padding = kernel // 2
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True)]

    layers, inputs = block(3, 24, 2), 24
    for outputs, stride in [(48, 1), (96, 2), (96, 1), (192, 2), (192, 1), (384, 2), *[(384, 1)] * 5, (768, 2), (768, 1)]:  # fmt: skip
        layers += block(inputs, inputs, stride, groups=inputs) + block(inputs, outputs, 1, kernel=1)
        inputs = outputs
    return nn.Sequential(*layers)


def theirs(name: str) -> dict[str, Callable]:
    """The network of torchvision in PyTorch, channels last, and in ONNX Runtime as PyTorch exports it."""
    import onnxruntime
    import torch
    import torchvision

    torch.manual_seed(0)
    torch_name = NETWORKS[name][0]
    model = getattr(torchvision.models, torch_name)() if torch_name else mobilenet()
    model = getattr(model, "features", model).eval()
    size = 384 if name == "efficientnetv2s" else 224
    images = torch.randn(BATCH, 3, size, size)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        path = str(Path(folder, "network.onnx"))
        torch.onnx.export(model, images, path, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    values = {session.get_inputs()[0].name: images.numpy()}
    contenders = {"ONNX Runtime, float32": lambda: session.run(None, values)}
    for dtype in (torch.float32, torch.bfloat16):
        copied = model.to(dtype, memory_format=torch.channels_last)
        given = images.to(dtype, memory_format=torch.channels_last)
        contenders[f"PyTorch, {str(dtype).removeprefix('torch.')}"] = timed_torch(copied, given)
        model = model.float()
    return contenders


def timed_torch(model, images) -> Callable:
    """One batch through a copy of a PyTorch model."""
    import copy

    import torch

    model = copy.deepcopy(model)

    def compute():
        with torch.inference_mode():
            return model(images)

    return compute


def serve(task: dict) -> None:
    """Load everything, say what there is, and take a turn whenever a line asks for it."""
    contenders = {"ours": ours, "theirs": theirs}[task["side"]](task["network"])
    cosines, first = {}, None
    for label, compute in contenders.items():
        values = compute()  # what is done at the first call only is not counted
        if task["side"] == "ours":
            first = values if first is None else first
            cosines[label] = lowest_cosine(first, values)
    known = [module for module in ("torch", "torchvision", "onnxruntime") if module in sys.modules]
    versions = {module: sys.modules[module].__version__ for module in known}
    said = {"names": list(contenders), "cosines": cosines, "versions": versions}
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        compute = contenders[json.loads(line)]
        used, started = processor_seconds(), time.perf_counter()
        for _ in range(task["n_batches"]):
            compute()
        turn = {
            "wall": time.perf_counter() - started,
            "processor": processor_seconds() - used,
        }
        print(json.dumps(turn), flush=True)


def processor_seconds() -> float:
    """Processor time of all threads of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def lowest_cosine(A: np.ndarray, B: np.ndarray) -> float:
    """The smallest cosine between corresponding rows."""
    A, B = (np.asarray(X, np.float64).reshape(len(X), -1) for X in (A, B))
    return float(((A * B).sum(1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)).min())


class Side:
    """A process that holds some contenders, and computes when it is asked."""

    def __init__(self, python: str, side: str, network: str, errors: Path):
        task = {"side": side, "network": network, "n_batches": NETWORKS[network][1]}
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "OMP_WAIT_POLICY": "PASSIVE"}
        with errors.open("w") as file:
            self._process = subprocess.Popen(
                [python, __file__, "--task", json.dumps(task)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=environment,
            )
        self._errors = errors
        said = self._read()
        self.names, self.cosines, self.versions = said["names"], said["cosines"], said["versions"]

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> dict:
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit(f"a process has ended:\n{self._errors.read_text()[-2000:]}")

    def turn(self, name: str) -> dict:
        """Seconds of one contender for its batches."""
        self._process.stdin.write(json.dumps(name) + "\n")
        self._process.stdin.flush()
        return self._read()


def measure(arguments: argparse.Namespace, network: str) -> tuple[dict, dict, dict]:
    """Turns of all contenders for one network, their cosines with Keras in float32, and versions."""
    pythons = {"ours": sys.executable} | ({"theirs": arguments.torch} if arguments.torch else {})
    if network == "efficientnetv2b0":  # torchvision has only the larger ones
        pythons.pop("theirs", None)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides = [
            stack.enter_context(Side(python, side, network, folder / side))
            for side, python in pythons.items()
        ]
        turns = {name: [] for side in sides for name in side.names}
        for number in range(arguments.rounds):
            for side in sides:
                for name in side.names:
                    turns[name].append(side.turn(name))
            print(f"{number + 1}/{arguments.rounds} {network}", file=sys.stderr)
        return turns, sides[0].cosines, sides[-1].versions


def rows_of(network: str, turns: dict, cosines: dict) -> list[list]:
    """The lines of the table for one network."""
    n = BATCH * NETWORKS[network][1]
    rows = []
    for name, taken in turns.items():
        ratios = [
            one["processor"] / other["processor"]
            for one, other in zip(turns[FIRST], taken, strict=True)
        ]
        cosine = int(cosines[name] * 1e6) / 1e6 if name in cosines else ""
        rows.append(
            [
                network,
                name,
                spread([n / turn["wall"] for turn in taken]),
                spread([n / turn["processor"] for turn in taken]),
                spread(ratios, 2),
                cosine,
            ]
        )
    return rows


def best(turns: dict, names: tuple[str, ...]) -> tuple[str, float]:
    """Of the contenders whose names begin so the one that took the least processor time, and its median."""
    of = {name: np.median([turn["processor"] for turn in taken]) for name, taken in turns.items() if name.startswith(names)}  # fmt: skip
    name = min(of, key=of.get)
    return name, of[name]


def result_of(network: str, turns: dict, cosines: dict, versions: dict) -> dict:
    """What is written down of one network."""
    name, least = best(turns, ("Keras", "OpenVINO"))
    sentence = f"{network}: {name}"
    if len(turns) > len(cosines):
        other, their_least = best(turns, ("PyTorch", "ONNX"))
        sentence += f", {their_least / least:.2f} times as fast as {other}"
    return {
        "rows": rows_of(network, turns, cosines),
        "sentence": sentence,
        "versions": versions,
        "rounds": len(turns[FIRST]),
        "load": os.getloadavg()[2],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--torch", help="an interpreter that has PyTorch, torchvision, onnx and onnxruntime"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument(
        "--kept",
        help="a file for what was measured; networks that are in it are not measured again",
    )
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        return serve(json.loads(arguments.task))
    kept = Path(arguments.kept) if arguments.kept else None
    found = json.loads(kept.read_text()) if kept and kept.is_file() else {}
    for network in arguments.networks.split(","):
        if network not in found:
            found[network] = result_of(network, *measure(arguments, network))
            if kept:
                kept.write_text(json.dumps(found))
    rows = [row for one in found.values() for row in one["rows"]]
    sentences = [one["sentence"] for one in found.values()]
    versions = {name: value for one in found.values() for name, value in one["versions"].items()}
    others = ", ".join(f"{name} {found}" for name, found in versions.items())
    others = f" ({others})" if others else ""
    loads, rounds = ([one[name] for one in found.values()] for name in ("load", "rounds"))
    keep(
        "engines",
        "What computes a network fastest",
        f"Batches of {BATCH} random posters in memory, preprocessing included for Keras and OpenVINO, the network alone for the others{others}. "
        f"Median (minimum to maximum) of {' or '.join(map(str, sorted(set(rounds))))} rounds, in each of which all contenders of a network took their turn, one at a time. "
        f"Other processes ran on the machine (mean load {min(loads):.0f} to {max(loads):.0f} on {os.cpu_count()} cores), so posters per second of the clock are lower than on a quiet "
        "one; the processor time that a contender used itself is what is compared. “Times” is how many times as fast as Keras in float32 of the same round "
        "by processor time. The cosine is the lowest of a batch with Keras in float32, never rounded up; weights are random, so that of bfloat16 says little of trained ones.",
        "Fastest of what this package offers, by processor time: " + "; ".join(sentences) + ".",
        table(["network", "computed by", "posters/s", "posters per processor second", "times", "lowest cosine"], rows),
        command=f"python benchmarks/engines.py{' --torch PYTHON' if arguments.torch else ''} --rounds {max(rounds)} --networks {','.join(found)}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
