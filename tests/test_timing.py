"""The benchmarks' stopwatch: who runs when, and what is divided by what. No test here asks how long anything took."""

import json

import jax.numpy as jnp
import pytest

from benchmarks.timing import Comparison, compare, write_json


def test_the_order_alternates_and_warming_up_is_not_counted():
    calls = []
    comparison = compare({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=4)
    assert "".join(calls) == "abba" + "abba" + "abba"
    assert [len(seconds) for seconds in comparison.seconds.values()] == [4, 4]


def test_several_calls_a_round():
    calls = []
    compare({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, calls=3)
    assert "".join(calls) == "aaabbb" + "bbbaaa" + "aaabbb" + "bbbaaa"


def test_the_speed_is_a_ratio_of_each_round():
    """A machine that is slow for a while slows both sides of a round, and the ratio stays."""
    comparison = Comparison({"ours": [1.0, 2.0, 40.0], "theirs": [2.0, 4.0, 80.0]})
    assert vars(comparison.speed("theirs")) == {"lower": 2.0, "median": 2.0, "upper": 2.0}
    assert vars(comparison.time("ours")) == {"lower": 1.5, "median": 2.0, "upper": 21.0}
    assert "2.000 [2.000, 2.000]" in comparison.table().splitlines()[-1]


def test_the_figures_are_written_with_their_setting(tmp_path):
    comparison = compare({"a": lambda: jnp.ones(3), "b": lambda: jnp.zeros(3)}, rounds=2)
    write_json(tmp_path / "figures.json", {"speed": comparison.as_json()}, "optax")
    written = json.loads((tmp_path / "figures.json").read_text())
    assert {"device", "cores", "python", "jax", "optax"} == set(written["setting"])
    assert set(written["speed"]["b"]["speed_of_first"]) == {"lower", "median", "upper"}


@pytest.mark.parametrize(("sides", "rounds"), [({}, 5), ({"a": int}, 1)])
def test_too_little_to_compare(sides, rounds):
    with pytest.raises(ValueError, match="at least one side and two rounds"):
        compare(sides, rounds)
