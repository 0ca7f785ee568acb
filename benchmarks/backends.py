"""The same features from every backend of Keras.

python benchmarks/backends.py --posters FOLDER --tensorflow PYTHON --jax PYTHON --torch PYTHON

Each interpreter belongs to an environment that has Keras, this package's other dependencies and one framework. KERAS_HOME must hold
MobileNet's weights; VGG16's are random.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import keep, run_process, table

BACKBONES = (("mobilenet_0.75", "imagenet"), ("vgg16", "random"))
WORK = """
import sys
from pathlib import Path
import numpy as np
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.collection.images import read_image, resize_image

folder, name, weights, n, out = sys.argv[1:]
backbone = load_backbone(name, weights=weights)
paths = sorted(Path(folder).glob("*.jpg"))[: int(n)]
np.save(out, backbone.transform(np.stack([resize_image(read_image(path)) for path in paths])))
framework = backbone.specification["framework"]
print("tensorflow" in sys.modules, framework["backend"], framework["version"], backbone.specification["weights_digest"])
"""


def features(python: str, backend: str, backbone: tuple, posters: str, n: int) -> tuple:
    """Features, and what computed them."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "X.npy")
        package = Path(__file__).parent.parent
        environment = {"KERAS_BACKEND": backend, "PYTHONPATH": str(package)}
        ended = run_process(
            [python, "-c", WORK, posters, *backbone, n, out], environment=environment
        )
        if ended.status:
            raise SystemExit(f"{backend}: {ended.err[-1500:]}")
        return np.load(out).astype(np.float64), ended.out.split()


def nearest(X: np.ndarray, n: int = 6) -> np.ndarray:
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :n]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", required=True)
    parser.add_argument("--tensorflow", default=sys.executable)
    parser.add_argument("--jax")
    parser.add_argument("--torch")
    parser.add_argument("--n", type=int, default=96)
    arguments = parser.parse_args()
    assert "KERAS_HOME" in os.environ, "set KERAS_HOME"
    rows = []
    for backbone in BACKBONES:
        of = (arguments.posters, arguments.n)
        X, (_, _, version, digest) = features(arguments.tensorflow, "tensorflow", backbone, *of)
        for backend in ("jax", "torch"):
            if python := getattr(arguments, backend):
                Y, (has_tensorflow, used, other, same) = features(python, backend, backbone, *of)
                assert used == backend and same == digest and has_tensorflow == "False"
                lengths = np.linalg.norm(X, axis=1) * np.linalg.norm(Y, axis=1)
                cosine = ((X * Y).sum(axis=1) / lengths).min()
                error = np.abs(X - Y).max() / np.abs(X).max()
                rows.append([backbone[0], f"{backend} {other}", f"{1 - cosine:.1e}", f"{error:.1e}", f"{(nearest(X) == nearest(Y)).mean():.2%}"])  # fmt: skip
    keep(
        "backends",
        "The same features from every backend",
        f"{arguments.n} posters, float32, against tensorflow {version}. TensorFlow is not imported in the other environments, and the digests of the weights are equal.",
        table(["backbone", "backend", "largest distance (1 - cosine)", "largest difference / largest value", "6 nearest posters kept, in order"], rows),
        command="python benchmarks/backends.py --posters POSTERS --tensorflow PYTHON --jax PYTHON --torch PYTHON",
    )  # fmt: skip


if __name__ == "__main__":
    main()
