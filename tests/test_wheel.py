"""What was built works away from the checkout: the command, the reports, the site."""

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


def test_the_wheel_runs_demo_and_report_away_from_the_checkout(command, tmp_path):
    """The demo is a whole study, of posters that it draws first."""
    small = ["--backbone", "colour", "--n-components", 8, "--k-min", 2, "--k-max", 4]
    small += ["--n-null", 0, "--n-clusters", 3, "--map-method", "pca"]
    site = run(command, "demo", *small, "--limit", 24, "--out", "demo", cwd=tmp_path)
    assert (tmp_path / site.splitlines()[-1]).is_file()
    demo = tmp_path / "demo"
    assert (demo / "site" / "index.html").is_file()
    assert len(list((demo / "notebooks").glob("*.ipynb"))) == 7
    assert (demo / "figures" / "silhouette_nmf.png").is_file()
    posters = ["--posters", "demo/collection/posters", "--backbone", "colour", "--out", "features"]
    run(command, "extract", *posters, "--limit", 50, cwd=tmp_path)
    assert (tmp_path / "features" / "features.npz").is_file()
    words = ["report", "clustering", "--out", "demo", "-p", "k_min", 3, "-p", "k_max", 5]
    report = run(command, *words, cwd=tmp_path)
    assert (tmp_path / report.strip()).is_file()
