"""A recording's language is what most of its speech is in, weighed by how sure the model is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.languages import Language, vote


def test_one_window_says_all() -> None:
    assert vote([{"de": 0.7, "nl": 0.2, "en": 0.1}], [5.0]) == Language("de", 0.7)


def test_the_longer_window_counts_more() -> None:
    votes = [{"de": 0.9, "nl": 0.1}, {"de": 0.2, "nl": 0.8}]
    assert vote(votes, [1.0, 1.0]).code == "de"
    found = vote(votes, [1.0, 3.0])
    assert found.code == "nl"
    assert found.probability == pytest.approx((0.1 + 3 * 0.8) / 4)


def test_a_sure_window_outweighs_two_that_guess() -> None:
    assert vote([{"en": 0.45, "fr": 0.4}, {"en": 0.45, "fr": 0.4}, {"fr": 0.99}], [1.0, 1.0, 1.0]).code == "fr"


def test_a_language_that_a_window_does_not_name_has_no_vote_of_it() -> None:
    found = vote([{"en": 0.6}, {"de": 0.9}], [10.0, 10.0])
    assert found.code == "de"
    assert found.probability == pytest.approx(0.45)


def test_of_a_tie_the_first_named_wins_every_time() -> None:
    votes = [{"fr": 0.5, "it": 0.5}, {"it": 0.5, "fr": 0.5}]
    assert {vote(votes, [2.0, 2.0]).code for _ in range(20)} == {"fr"}


def test_each_window_needs_its_weight() -> None:
    with pytest.raises(ValueError, match="zip"):
        vote([{"en": 1.0}], [1.0, 2.0])


window = st.dictionaries(st.sampled_from(["de", "en", "fr", "ja"]), st.floats(0.01, 1), min_size=1)


@given(st.lists(st.tuples(window, st.floats(0.1, 30)), min_size=1, max_size=6), st.floats(0.5, 100))
def test_the_winner_is_the_largest_share_whatever_the_unit_of_the_weights(
    windows: list[tuple[dict[str, float], float]], unit: float
) -> None:
    probabilities, weights = [each for each, _ in windows], [weight for _, weight in windows]
    shares = {
        code: sum(each.get(code, 0.0) * weight for each, weight in windows) / sum(weights)
        for code in ("de", "en", "fr", "ja")
    }
    found = vote(probabilities, weights)
    assert found.probability == pytest.approx(max(shares.values()))
    assert shares[found.code] == pytest.approx(max(shares.values()))
    assert vote(probabilities, [weight * unit for weight in weights]).probability == pytest.approx(found.probability)
    assert 0 < found.probability <= 1 + 1e-9
