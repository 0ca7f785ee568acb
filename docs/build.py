"""Build the documentation into _build/docs: `python docs/build.py`, or `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

from assemble import assemble
from check_links import broken_links
from sphinx.cmd.build import build_main


def main() -> int:
    """Assemble the pages, build them, and check every link; 0 if there was nothing to complain about."""
    source, target = ROOT / "_build" / "docs-source", ROOT / "_build" / "docs"
    assemble(source)
    failed = build_main(
        ["-W", "--keep-going", "-q", "-j", "auto", "-c", str(HERE), str(source), str(target)]
    )
    broken = broken_links(target)
    for line in broken:
        print(line, file=sys.stderr)
    if not failed and not broken:
        print(f"The documentation: {target / 'index.html'}")
    return 1 if failed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
