"""What the sites of studies weigh, by kind of file, against ten megabytes and 15 kB a poster and 4 MB a further run.

python benchmarks/site_weight.py NAME=STUDY …
"""

import sys
from pathlib import Path

import pandas as pd
from common import keep, table
from site_growth import weigh

A_SITE, A_POSTER, A_RUN = 10e6, 15e3, 4e6  # bytes at most


def main() -> None:
    studies = dict(one.split("=", 1) for one in sys.argv[1:])
    if not studies:
        raise SystemExit(__doc__)
    found = {name: weigh(Path(study) / "site")[0] for name, study in studies.items()}
    facts = {}
    for name, study in studies.items():
        n_posters = len(pd.read_csv(Path(study) / "features_index.csv"))
        n_further = len(list(Path(study).glob("runs/*/run.json")))
        facts[name] = (n_posters, n_further, A_SITE + A_POSTER * n_posters + A_RUN * n_further)
    kinds = sorted({kind for each in found.values() for kind in each})
    rows = [["posters", *(facts[name][0] for name in found)]]
    rows += [["further runs", *(facts[name][1] for name in found)]]
    rows += [[kind, *(f"{each[kind] / 1e6:.1f}" for each in found.values())] for kind in kinds]
    rows += [["all", *(f"{sum(each.values()) / 1e6:.1f}" for each in found.values())]]
    rows += [["at most", *(f"{facts[name][2] / 1e6:.1f}" for name in found)]]
    keep(
        "site_weight",
        "What sites weigh",
        "MB by kind of file. Drawn posters, features of colours, k = 2 to 8 with 19 null models of each kind in the first run, and every report; “before” is the same study "
        "published by the version in which reports held their figures inside and every hundred films had a page.",
        table(["", *found], rows),
        command="python benchmarks/site_weight.py NAME=STUDY …",
    )


if __name__ == "__main__":
    main()
