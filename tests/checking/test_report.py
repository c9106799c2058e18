"""What the report says, in text, JSON and HTML."""

import json

import jax.numpy as jnp
import numpy as np

from functional_bp.checking import check_backward

X = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")


def affine(params, y):
    return y @ params["W"].T


def right(primals, y_bar):
    params, y = primals
    return {"W": y_bar.T @ y}, y_bar @ params["W"]


def wrong(primals, y_bar):
    grads, y = right(primals, y_bar)
    return {"W": grads["W"] / len(y_bar)}, y


PRIMALS = {"W": np.random.default_rng(1).standard_normal((5, 4)).astype("float32")}, X


def test_a_right_backward_is_said_with_what_was_varied():
    report = check_backward(affine, right, *PRIMALS)
    assert report.ok
    assert bool(report)
    assert [line.split(":")[0].strip() for line in str(report).splitlines()[1:]] == ["varied", "note"]
    assert not report.diagnoses
    assert "the given point" in report.points
    assert report.oracles == ("jax.vjp in float64", "jax.vjp in float32")
    assert report.seconds > 0


def test_a_wrong_one_names_argument_path_elements_and_cause():
    report = check_backward(affine, wrong, *PRIMALS)
    text = str(report)
    assert "params['W'] (primal 0)" in text
    assert "1/3 (a mean where a sum is due" in text
    assert "right: y" in text
    (verdict,) = [verdict for verdict in report.verdicts if not verdict.ok]
    worst = verdict.worst[0]
    np.testing.assert_allclose(worst.claimed * 3, worst.true, rtol=1e-5)
    assert f"{worst.claimed:.7g}" in text


def test_another_tree_is_shown_without_its_numbers_and_said_once():
    def forward(layer, x):
        return x @ layer[0] + jnp.broadcast_to(layer[1], (len(x), 2))

    layer = [np.ones((4, 2), "float32"), np.ones(2, "float32")]
    text = str(check_backward(forward, lambda p, g: ((X.T @ g, g.sum(0)), g @ p[0][0].T), layer, X))
    assert "layer (primal 0)" in text
    assert "Expected list, got (∗, ∗)" in text
    assert text.count("another tree") == 1


def test_json_holds_everything_even_what_is_not_finite():
    report = check_backward(jnp.tanh, lambda p, g: (g * jnp.nan,), X)
    read = json.loads(report.to_json())
    assert read["ok"] is False
    assert read["verdicts"][0]["worst"][0]["claimed"] == "nan"
    assert read["diagnoses"]["x"][0]["kind"] == "not finite"


def test_html_is_escaped_and_has_the_elements():
    page = check_backward(jnp.tanh, lambda p, g: (-g,), X, names=["<x>"])._repr_html_()
    assert "&lt;x&gt;" in page
    assert "<x>" not in page
    assert page.count("<tr>") == 6
