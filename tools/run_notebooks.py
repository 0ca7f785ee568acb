"""Run notebooks in place and keep their outputs: small, and the same bytes whenever nothing has changed.

python tools/run_notebooks.py               every notebook of nbs/ whose code or package has changed since it was run
python tools/run_notebooks.py --all         every notebook
python tools/run_notebooks.py nbs/core/00_errors.ipynb …
"""

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
MARK = (
    "executed"  # the key under which a notebook keeps the digest of the code that it was run with
)
LARGEST_PICTURE = 60_000  # bytes
SMALL_PICTURE = 20_000  # as text of base64; what is smaller stays as it is
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}|/(?:tmp|home|root|work|Users|private)/[\w.-]+")


def code_digest(notebook) -> str:
    """Digest of all code cells of a notebook, in their order."""
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    return hashlib.sha256("\0".join(cells).encode()).hexdigest()[:16]


def is_up_to_date(path: Path) -> bool:
    """Whether a notebook was run with the code that it has."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook["metadata"].get(MARK) == code_digest(notebook)


def small_png(data: str) -> str:
    """A PNG in at most 256 colours, without what its maker writes into it; base64, as in a notebook."""
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    if image.mode != "P":
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        image = flat.quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "png", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def small_jpeg(data: str) -> str:
    """A JPEG of posters, of the best quality that stays within the limit; base64, as in a notebook."""
    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    for quality, scale in ((60, 1), (50, 1), (65, 0.75), (50, 0.75), (50, 0.5)):
        size = round(image.width * scale), round(image.height * scale)
        out = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(
            out, "jpeg", quality=quality, optimize=True
        )
        if out.tell() <= LARGEST_PICTURE:
            break
    return base64.b64encode(out.getvalue()).decode()


def smallest(data: dict) -> dict:
    """An output whose picture is a PNG, or a JPEG where that is far smaller, as for posters: of a chart it never is."""
    png = small_png(data["image/png"])
    out = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").save(
        out, "jpeg", quality=80, optimize=True
    )
    jpeg = base64.b64encode(out.getvalue()).decode()
    if len(png) < SMALL_PICTURE or len(jpeg) > 0.75 * len(png):
        return data | {"image/png": png}
    return {kind: one for kind, one in data.items() if kind != "image/png"} | {"image/jpeg": jpeg}


def kept(output: dict) -> dict | None:
    """An output as it is kept; None if it is not."""
    if output["output_type"] == "stream" and output["name"] == "stderr":
        return None  # progress and logs
    if "execution_count" in output:
        output["execution_count"] = None
    if "data" in output:
        output["metadata"] = {}
        output["data"].pop("application/vnd.jupyter.widget-view+json", None)
        if "image/png" in output["data"]:
            output["data"].pop("image/jpeg", None)  # a picture of Pillow comes as both
            output["data"] = smallest(output["data"])
        elif "image/jpeg" in output["data"]:
            output["data"]["image/jpeg"] = small_jpeg(output["data"]["image/jpeg"])
    return output


def joined(outputs: list) -> list:
    """Outputs in which what was printed in several pieces is one text, since the pieces differ from run to run."""
    found = []
    for output in outputs:
        printed = output["output_type"] == "stream"
        if printed and found and found[-1].get("name") == output["name"]:
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


def complaints(notebook) -> list[str]:
    """What of the outputs is too large, or differs from run to run."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            size = len(data.get("image/png", "")) * 3 // 4
            if size > LARGEST_PICTURE:
                found.append(f"cell {cell.id}: a picture of {size:,} bytes")
            text = json.dumps(
                [output.get("text", ""), {k: v for k, v in data.items() if k != "image/png"}]
            )
            if match := ADDRESS.search(text):
                found.append(f"cell {cell.id}: {match[0]} changes from run to run")
    return found


def run(path: Path) -> list[str]:
    """Run one notebook and write it back; what is wrong with it."""
    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    digest = code_digest(notebook)
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return [
            f"{path.relative_to(ROOT)}: {error.ename}: {error.evalue}\n{error.traceback[-1500:]}"
        ]
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if cell.cell_type == "code":
            cell.execution_count = None
            outputs = (kept(output) for output in cell.outputs)
            cell.outputs = joined([output for output in outputs if output is not None])
    kernel = {"display_name": "python3", "language": "python", "name": "python3"}
    notebook.metadata = {MARK: digest, "kernelspec": kernel}
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8", newline="\n")
    seconds = time.perf_counter() - started
    print(f"{path.relative_to(ROOT)}: {seconds:.0f} s, {len(text) / 1e3:.0f} kB", flush=True)
    return [f"{path.relative_to(ROOT)}, {one}" for one in complaints(notebook)]


def main() -> int:
    """Run what is asked for; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="those that are up to date too")
    arguments = parser.parse_args()
    found = sorted(
        path for path in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    )
    asked = [path.resolve() for path in arguments.notebooks]
    wanted = asked or [path for path in found if arguments.all or not is_up_to_date(path)]
    os.environ |= {
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "COLUMNS": "100",
    }
    with ThreadPoolExecutor(2) as pool:
        wrong = [one for complaints in pool.map(run, wanted) for one in complaints]
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
