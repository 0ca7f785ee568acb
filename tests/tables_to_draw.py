"""What tests of figures share: made-up tables of every kind, and a check that nothing collides."""

import itertools

import numpy as np
import pandas as pd
from matplotlib.text import Text

NULL_MODEL_WORDS = ("gaussian", "copula")


def sweep(space="pca", k=range(5, 26), level=0.05, **columns):
    """A sweep over k whose curves are straight lines."""
    k = np.array(list(k))
    table = {
        "space": space,
        "k": k,
        "inertia": 4000.0 - 20 * k,
        "silhouette": level - 0.001 * k * level,
        "silhouette_original": level / 5,
        "calinski_harabasz": 400.0 / k,
        "davies_bouldin": 3 + 0.01 * k,
        "stability_restarts": 0.9 - 0.003 * k,
        "stability_halves": 0.6 - 0.003 * k,
    }
    return pd.DataFrame(table | columns)


def verdict(space="pca", k=range(2, 26), level=0.05, null_models=NULL_MODEL_WORDS, **columns):
    """What a verdict says of every k, in curves that are straight lines."""
    k = np.array(list(k))
    table = {"space": space, "k": k, "silhouette": level - 0.001 * k * level}
    for kind, share in zip(NULL_MODEL_WORDS, (0.5, 0.7), strict=True):
        if kind in null_models:
            for end, factor in ("", 1), ("_low", 0.95), ("_high", 1.05):
                table[f"silhouette_{kind}{end}"] = share * level * factor
    table |= {"reproducibility": 0.9 - 0.01 * k, "separation": 0.6 - 0.05 * k}
    return pd.DataFrame(table | columns)


def clusters(sizes, *, mean=0.05, spread=0.05):
    """Clusters of given sizes, with silhouettes of their posters."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    silhouette = np.random.default_rng(9).normal(mean, spread, len(cluster))
    return pd.DataFrame({"cluster": cluster, "silhouette": silhouette})


def opinions(**columns):
    """Three methods, the last of which leaves most posters out."""
    table = {
        "method": ["k-means", "agglomerative (Ward)", "HDBSCAN"],
        "n_clusters": [10, 10, 3],
        "n_noise": [0, 0, 4100],
        "silhouette": [0.048, -0.021, np.nan],
        "adjusted_mutual_info": [1.0, 0.41, 0.06],
        "parameters": ["n_clusters=10, n_init=10, random_state=9", "n_clusters=10", ""],
    }
    return pd.DataFrame(table | columns)


def agreement(
    columns=("genre", "decade"), value=0.05, measures=("adjusted_mutual_info", "v_measure")
):
    """Columns that agree with the clusters by `value`, and shuffles by -0.002 to 0.003."""
    rows = [
        (column, measure, value, 0.0, -0.002, 0.003, 0.005, 199, 4990)
        for measure in measures
        for column in columns
    ]
    names = "column measure value chance chance_low chance_high p_value n_shuffles n_posters"
    return pd.DataFrame(rows, columns=names.split())


def variance(n=50, kept=0.43):
    """Shares of variance that fall by a power law and sum to `kept`."""
    ratio = 1 / (np.arange(n) + 4) ** 1.1
    ratio *= kept / ratio.sum()
    names = "component", "explained_variance_ratio", "cumulative"
    return pd.DataFrame(dict(zip(names, (np.arange(1, n + 1), ratio, ratio.cumsum()), strict=True)))


def components(space="nmf", numbers=(10, 50, 200), silhouette=(0.1, 0.2, 0.15), **columns):
    """Silhouettes with several numbers of components."""
    table = {"space": space, "n_components": list(numbers), "silhouette": list(silhouette)}
    return pd.DataFrame(table | columns)


def convergence(n=85, scale=1.0):
    """An error that falls by a tenth, most of it at once."""
    iteration = np.arange(1, n + 1)
    error = scale * (15_800 + 1900 * np.exp(-iteration / 4))
    return pd.DataFrame({"iteration": iteration, "reconstruction_error": error})


def boxes(figure):
    """Where each text stands, in pixels, without the rules that tie some to a line."""
    figure.draw_without_rendering()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            texts += [label for place, label in ticks if low <= place <= high]
    return [(text.get_text(), Text.get_window_extent(text)) for text in texts if text.get_text()]


def assert_tidy(figure):
    """No text leaves the page, and no two overlap."""
    found = boxes(figure)
    width, height = figure.bbox.size
    for words, box in found:
        assert min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height, words
    for (one, box), (other, second) in itertools.combinations(found, 2):
        wide = min(box.x1, second.x1) - max(box.x0, second.x0)
        high = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert wide < 2 or high < 2, (one, other)


def words_of(axes):
    """The texts in the axes."""
    return [text.get_text() for text in axes.texts if text.get_text()]
