"""What was built works away from the checkout: the command, the reports, the site."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*words, **keywords):
    """Run a program; show what it printed if it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **keywords)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The command of an environment that holds the wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, source)
    for path in run("git", "-C", ROOT, "ls-files", "-m", "-o", "--exclude-standard").splitlines():
        if (ROOT / path).is_file():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes((ROOT / path).read_bytes())
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "-q", wheel)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # a plain line adds the folder without its own .pth files, so without this checkout
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    place = run(python, "-c", "import poster_analysis; print(poster_analysis.__file__)", cwd=folder)
    assert Path(place.strip()).is_relative_to(environment)
    return environment / "bin" / "poster-analysis"


def test_the_wheel_runs_demo_study_and_report_away_from_the_checkout(command, tmp_path):
    drawn = ROOT / "_demo" / "collection"  # what is drawn there already is not drawn again
    if drawn.is_dir():
        shutil.copytree(drawn, tmp_path / "demo" / "collection")
    small = ["--backbone", "colour", "--n-components", 8, "--k-min", 2, "--k-max", 4]
    small += ["--n-null", 0, "--n-clusters", 3, "--map-method", "pca"]
    site = run(command, "demo", *small, "--limit", 60, "--out", "demo", cwd=tmp_path)
    assert (tmp_path / site.splitlines()[-1]).is_file()
    posters = ["--posters", "demo/collection/posters", "--limit", 50, "--out", "study"]
    run(command, "study", *posters, *small, cwd=tmp_path)
    for out in ("demo", "study"):
        assert (tmp_path / out / "site" / "index.html").is_file()
        assert len(list((tmp_path / out / "notebooks").glob("*.ipynb"))) == 6
        assert (tmp_path / out / "figures" / "silhouette_nmf.png").is_file()
    words = ["report", "clustering", "--out", "study", "-p", "k_min", 3, "-p", "k_max", 5]
    report = run(command, *words, cwd=tmp_path)
    assert (tmp_path / report.strip()).is_file()
