"""Duplicates: found on drawn posters, never far apart, and counted once among neighbours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.drawing.collection import draw_collection, plan
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.extract import extract
from poster_analysis.extraction.features import Features
from poster_analysis.similarity.duplicates import (
    HASH_THRESHOLD,
    candidate_pairs,
    duplicate_groups,
    neighbours_needed,
    one_per_group,
    precision_recall,
)
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.similarity.perceptual_hashes import PerceptualHashes, perceptual_hashes


def made_hashes(wholes, n_pixels=None, reasons=None):
    """Hashes of 256 bits, the same through every window and of both parts."""
    wholes = np.asarray(wholes, np.uint8)
    table = pd.DataFrame({"imdb_id": [str(row + 1) for row in range(len(wholes))], "hash": "x"})
    table["n_pixels"] = [1000] * len(wholes) if n_pixels is None else n_pixels
    table["reason"] = [""] * len(wholes) if reasons is None else reasons
    return PerceptualHashes(table, np.repeat(wholes[:, None], 19, axis=1))


def made(n_different, **others):
    """Posters of which each differs from the one before in this number of bits, and features all alike."""
    bits = np.unpackbits(np.random.default_rng(0).integers(0, 256, 32, dtype=np.uint8))
    rows, place = [], 0
    for n in n_different:
        bits = bits.copy()
        bits[place : place + n] ^= 1
        place += n
        rows.append(np.packbits(bits))
    hashes = made_hashes(rows, **others)
    X = np.random.default_rng(1).normal(size=(len(rows), 5))
    titles = ["<script>", "", 'a "quoted" $title$', "\u202eright to left", "\U0001f600"] * len(rows)
    index = pd.DataFrame({"imdb_id": hashes.table["imdb_id"], "title": titles[: len(rows)]})
    return Features(X, index), hashes


def grouped(groups):
    return [set(part["imdb_id"]) for _, part in groups.groupby("group", sort=False)]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    drawn = draw_collection(folder / "drawn", n_posters=48, random_state=4)
    table = read_collection(drawn.posters, drawn.metadata)
    features = extract(table, load_backbone("colour"), folder / "store", progress=False).features
    truth = drawn.read_truth()
    truth["change"] = truth["imdb_id"].map(
        {each.imdb_id: each.change for each in (plan(number, 4) for number in range(48))}
    )
    truth = truth[truth["imdb_id"].isin(features.imdb_ids)]
    return features, perceptual_hashes(features.index, drawn.posters), truth


def test_re_releases_of_another_seed_are_found_and_series_are_not(planted):
    features, hashes, truth = planted
    groups = duplicate_groups(features, hashes)
    scores = precision_recall(groups, truth).set_index("change")
    assert scores.loc["all", "n_true"] == 4
    assert set(scores.index) == {"all", "re-encoded", "cropped", "recoloured"}
    assert scores.loc["all", "recall"] == 1
    assert scores.loc["all", "precision"] >= 0.85
    assert groups.equals(
        duplicate_groups(features, hashes, neighbours=neighbours(features, n_neighbors=20))
    )


def test_a_chain_is_cut_and_two_steps_from_one_original_are_not():
    step = int(HASH_THRESHOLD * 256)
    star = duplicate_groups(*made([0, step, step]))
    assert grouped(star) == [{"1", "2", "3"}]
    chain = duplicate_groups(*made([0] + [step] * 5))
    assert len(grouped(chain)) >= 2
    for features, hashes in (made([0] + [step] * 5), made([0, 3, step, 9, step, step, 1])):
        for members in grouped(duplicate_groups(features, hashes)):
            rows = np.array(sorted(int(imdb_id) - 1 for imdb_id in members))
            low, high = np.triu_indices(len(rows), 1)
            whole, part = hashes.distances(rows[low], rows[high])
            assert ((whole <= 2 * HASH_THRESHOLD) | (part <= 0.16)).all()


def test_the_poster_with_most_pixels_comes_first_and_of_equals_the_first():
    groups = duplicate_groups(*made([0, 0, 0, 90, 0], n_pixels=[10, 30, 30, 5, 5]))
    assert groups["imdb_id"].tolist() == ["2", "3", "1", "4", "5"]
    assert groups["role"].tolist() == ["representative", "copy", "copy", "representative", "copy"]
    assert groups["group"].tolist() == [0, 0, 0, 1, 1]
    assert groups.loc[groups["role"] == "representative", "similarity"].tolist() == [1, 1]


def test_a_poster_without_a_hash_is_in_no_group():
    groups = duplicate_groups(*made([0, 0, 0], reasons=["", "truncated JPEG", ""]))
    assert grouped(groups) == [{"1", "3"}]


def test_nothing_alike_and_a_poster_alone_give_no_rows():
    for n_different in ([0, 90, 90], [0]):
        groups = duplicate_groups(*made(n_different))
        assert groups.empty
        assert list(groups) == list(duplicate_groups(*made([0, 0])))
        assert neighbours_needed(groups, 6) == 6


def test_what_does_not_fit_together_is_an_error():
    features, hashes = made([0, 0, 90])
    with pytest.raises(InputError, match="hash_threshold is 0"):
        duplicate_groups(features, hashes, hash_threshold=0)
    with pytest.raises(InputError, match=r"part_threshold is 0\.5"):
        duplicate_groups(features, hashes, part_threshold=0.5)
    with pytest.raises(InputError, match="not of the posters of the features"):
        candidate_pairs(features.take(np.array([1, 0, 2])), hashes)
    strange = neighbours(features, n_neighbors=2).replace({"neighbour_id": {"3": "<b>"}})
    with pytest.raises(InputError, match="<b>"):
        candidate_pairs(features, hashes, strange)


def made_groups(sizes, n):
    """Groups of these sizes among the posters 1 to n, in a shuffled order."""
    ids = np.random.default_rng(2).permutation(np.arange(1, n + 1)).astype(str)[: sum(sizes)]
    return pd.DataFrame({"group": np.repeat(np.arange(len(sizes)), sizes), "imdb_id": ids})


@settings(max_examples=25)
@given(
    st.lists(st.integers(2, 4), min_size=0, max_size=4),
    st.integers(1, 6),
    st.integers(0, 1000),
)
def test_as_many_neighbours_as_are_needed_are_enough_and_each_group_counts_once(sizes, n, seed):
    X = np.random.default_rng(seed).normal(size=(30, 4))
    features = Features(X, pd.DataFrame({"imdb_id": [str(row + 1) for row in range(30)]}))
    groups = made_groups(sizes, 30)
    table = neighbours(features, n_neighbors=min(29, neighbours_needed(groups, n)))
    kept = one_per_group(table, groups, n)
    group = dict(zip(groups["imdb_id"], groups["group"], strict=True))
    everything = neighbours(features, n_neighbors=29)
    for imdb_id, part in kept.groupby("imdb_id"):
        seen, wanted = {group.get(imdb_id, imdb_id)}, []
        for other in everything.loc[everything["imdb_id"] == imdb_id, "neighbour_id"]:
            if group.get(other, other) not in seen:
                seen.add(group.get(other, other))
                wanted.append(other)
        assert part["neighbour_id"].tolist() == wanted[:n]
        assert part["rank"].tolist() == list(range(1, n + 1))
    assert kept["imdb_id"].nunique() == 30


def test_a_group_is_not_taken_for_a_film_of_that_name():
    table = pd.DataFrame(
        {"imdb_id": ["a"] * 3, "rank": [1, 2, 3], "neighbour_id": ["group 0", "b", "c"]}
    )
    table["similarity"] = [0.9, 0.8, 0.7]
    groups = pd.DataFrame({"group": [0, 0], "imdb_id": ["b", "c"]})
    assert one_per_group(table, groups, 2)["neighbour_id"].tolist() == ["group 0", "b"]


def test_too_few_neighbours_are_an_error_that_names_how_many_are_needed():
    features, hashes = made([0, 0, 0, 90, 90])
    groups = duplicate_groups(features, hashes)
    table = neighbours(features, n_neighbors=2)
    with pytest.raises(InputError, match="give 4 neighbours of each"):
        one_per_group(table, groups, 2)
    with pytest.raises(InputError, match="n_neighbors is 0"):
        one_per_group(table, groups, 0)


def test_precision_and_recall_count_pairs():
    truth = pd.DataFrame({"imdb_id": list("abcdef"), "rerelease_of": ["", "a", "a", "", "d", ""]})
    truth["change"] = ["", "cropped", "recoloured", "", "cropped", ""]
    groups = pd.DataFrame({"group": [0, 0, 1, 1, 1], "imdb_id": list("abdef")})
    scores = precision_recall(groups, truth).set_index("change")
    assert scores.loc["all", ["n_true", "n_found", "n_grouped"]].tolist() == [4, 2, 4]
    assert scores.loc["all", ["precision", "recall"]].tolist() == [0.5, 0.5]
    assert scores["recall"].to_dict() == {
        "all": 0.5, "cropped": 1, "cropped and recoloured": 0, "recoloured": 0
    }  # fmt: skip
    nothing = precision_recall(groups.head(0), truth).iloc[0]
    assert nothing["recall"] == 0 and np.isnan(nothing["precision"])
