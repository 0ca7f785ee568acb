"""Draw the pictures of "What the numbers mean" into pictures/numbers: `python docs/draw_numbers.py`.

The data are points on a plane, so that everything can be seen; scikit-learn computes the numbers
that stand in the pictures.
"""

import io
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.neighbors import NearestNeighbors

FOLDER = Path(__file__).resolve().parent / "pictures" / "numbers"
COLOURS = np.array(["#c0510f", "#33658a", "#6a994e", "#8e5ea2", "#b59410", "#555555"])
PAPER, INK, GREY = "#fdfdfb", "#1b1b1f", "#8a8a88"
SEED = 9
N_NULL = 19
RANGE = range(2, 9)


def three_groups(spread: float) -> np.ndarray:
    """Points around three places; the larger the spread, the more the groups run into each other."""
    rng = np.random.default_rng(SEED)
    centres = np.array([[0, 0], [6, 1], [2.5, 5]])
    return np.concatenate([centre + spread * rng.normal(size=(60, 2)) for centre in centres])


def one_cloud() -> np.ndarray:
    """Points around one place."""
    return np.random.default_rng(SEED).normal(size=(180, 2)) * [2.4, 1.7] + [3, 2]


def clusters_of(points: np.ndarray, k: int) -> KMeans:
    """k-means as scikit-learn does it."""
    return KMeans(k, n_init=10, random_state=SEED).fit(points)


def like(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian data with the mean and the covariance of some points, and no groups."""
    return rng.multivariate_normal(points.mean(axis=0), np.cov(points.T), size=len(points))


def panels(n: int, width: float = 7.6, height: float = 2.7, **options):
    """A row of panels in the style of the pictures."""
    size = {"figsize": (width, height), "dpi": 130, "layout": "constrained"}
    figure, ((*axes,),) = plt.subplots(1, n, squeeze=False, **size, **options)
    figure.set_facecolor(PAPER)
    for panel in axes:
        panel.set_facecolor(PAPER)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, axes


def scatter(panel, points: np.ndarray, labels: np.ndarray, **options) -> None:
    """Points in the colours of their clusters."""
    panel.scatter(*points.T, c=COLOURS[labels], s=9, linewidths=0, **options)
    panel.set(xticks=[], yticks=[], aspect="equal")
    panel.spines[:].set_visible(False)


def save(figure, name: str) -> None:
    """Write a picture without anything that differs from one day to the next."""
    drawn = io.BytesIO()
    figure.savefig(drawn, metadata={"Software": None})
    plt.close(figure)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(64).save(FOLDER / f"{name}.png", optimize=True)


def draw_silhouettes() -> None:
    """The same three clusters, ever less separate."""
    figure, axes = panels(3)
    shown = {
        "three groups": three_groups(0.7),
        "they touch": three_groups(1.5),
        "one cloud": one_cloud(),
    }
    for panel, (name, points) in zip(axes, shown.items(), strict=True):
        labels = clusters_of(points, 3).labels_
        scatter(panel, points, labels)
        panel.set(xlim=(-4, 10), ylim=(-4, 10))
        panel.set_title(f"{name}: silhouette {silhouette_score(points, labels):.2f}", fontsize=10)
    save(figure, "silhouette")


def draw_one_silhouette() -> None:
    """What the silhouette of one point is made of."""
    points = three_groups(0.9)
    labels = clusters_of(points, 3).labels_
    own = labels[0]
    members = np.flatnonzero(labels == own)
    chosen = members[np.argsort(points[members].sum(axis=1))[3 * len(members) // 4]]
    distance = np.linalg.norm(points - points[chosen], axis=1)
    means = {c: distance[labels == c].sum() / ((labels == c).sum() - (c == own)) for c in range(3)}
    other = min((c for c in range(3) if c != own), key=means.get)
    figure, (axes,) = panels(1, width=5, height=3.1)
    for cluster, colour in ((own, INK), (other, GREY)):
        for point in points[labels == cluster]:
            axes.plot(*np.stack([points[chosen], point]).T, color=colour, linewidth=0.35, alpha=0.6)
    scatter(axes, points, labels, zorder=3)
    axes.scatter(*points[chosen], s=70, facecolors="none", edgecolors=INK, zorder=4)
    a, b = means[own], means[other]
    axes.set_title(
        f"to its own cluster a = {a:.1f}, to the next one b = {b:.1f}:\n"
        f"silhouette (b - a) / max(a, b) = {(b - a) / max(a, b):.2f}",
        fontsize=10,
    )
    save(figure, "one-silhouette")


def draw_curves() -> None:
    """Inertia and silhouette for each k, with groups and without."""
    figure, axes = panels(2)
    for (name, points), colour in zip(
        {"three groups": three_groups(1.0), "one cloud": one_cloud()}.items(), COLOURS, strict=False
    ):
        found = [clusters_of(points, k) for k in RANGE]
        total = ((points - points.mean(axis=0)) ** 2).sum()
        style = {"color": colour, "marker": "o", "markersize": 3.5, "label": name}
        axes[0].plot(RANGE, [one.inertia_ / total for one in found], **style)
        axes[1].plot(RANGE, [silhouette_score(points, one.labels_) for one in found], **style)
    axes[0].set(
        title="inertia, as a share of that of one cluster",
        xlabel="number of clusters k",
        ylim=(0, None),
    )
    axes[1].set(title="mean silhouette", xlabel="number of clusters k", ylim=(0, None))
    for panel in axes:
        panel.title.set_fontsize(10)
    axes[1].legend(frameon=False, fontsize=9)
    save(figure, "curves")


def draw_stability() -> None:
    """What two halves of the points say about all of them."""
    figure, axes = panels(4, width=7.8, height=2.4)
    for place, (name, points) in enumerate(
        {"three groups": three_groups(1.0), "one cloud": one_cloud()}.items()
    ):
        order = np.random.default_rng(SEED).permutation(len(points))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        labels = [clusters_of(points[half], 3).predict(points) for half in halves]
        meeting = np.array(
            [[(labels[0] == i)[labels[1] == j].sum() for i in range(3)] for j in range(3)]
        )
        labels[1] = meeting.argmax(axis=1)[labels[1]]  # colours only
        agreement = adjusted_rand_score(
            labels[0], clusters_of(points[halves[1]], 3).predict(points)
        )
        for side in range(2):
            panel = axes[2 * place + side]
            scatter(panel, points, labels[side], alpha=0.35)
            scatter(panel, points[halves[side]], labels[side][halves[side]])
            panel.set(xlim=(-4, 10), ylim=(-4, 9))
            words = (
                f"{name},\nfrom one half"
                if side == 0
                else f"from the other half:\nagreement {agreement:.2f}"
            )
            panel.set_title(words, fontsize=9)
    save(figure, "stability")


def draw_null_models() -> None:
    """The silhouettes of data with groups and without, against those of null models."""
    figure, axes = panels(2, sharey=True)
    rng = np.random.default_rng(SEED)
    for panel, (name, points) in zip(
        axes, {"three groups": three_groups(1.5), "one cloud": one_cloud()}.items(), strict=True
    ):

        def curve(some):
            return [silhouette_score(some, clusters_of(some, k).labels_) for k in RANGE]

        null = np.array([curve(like(points, rng)) for _ in range(N_NULL)])
        panel.fill_between(
            RANGE,
            null.min(axis=0),
            null.max(axis=0),
            color="#d9d9d6",
            label=f"range of {N_NULL} null models",
        )
        panel.plot(RANGE, curve(points), color=COLOURS[0], marker="o", markersize=3.5, label="data")
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("number of clusters k")
    axes[0].set_ylabel("mean silhouette")
    axes[1].legend(frameon=False, fontsize=9, loc="upper right")
    save(figure, "null-models")


def draw_hubs() -> None:
    """In how many lists of six neighbours a point stands, in few dimensions and in many."""
    figure, axes = panels(2, sharey=True)
    for panel, dimensions in zip(axes, (3, 100), strict=True):
        points = np.random.default_rng(SEED).normal(size=(1000, dimensions))
        found = NearestNeighbors(n_neighbors=7).fit(points).kneighbors(points)[1][:, 1:]
        counts = np.bincount(found.ravel(), minlength=len(points))
        panel.hist(counts, bins=np.arange(counts.max() + 2) - 0.5, color=COLOURS[1])
        panel.set_title(
            f"{dimensions} dimensions: one point is in {counts.max()} lists", fontsize=10
        )
        panel.set_xlabel("lists of six neighbours in which a point stands")
    axes[0].set_ylabel("points")
    save(figure, "hubs")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for draw in (
        draw_silhouettes,
        draw_one_silhouette,
        draw_curves,
        draw_stability,
        draw_null_models,
        draw_hubs,
    ):
        draw()
