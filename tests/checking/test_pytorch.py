"""A `torch.autograd.Function` is judged by torch's autograd of its own operations."""

import numpy as np
import pytest

from functional_bp.checking import check_torch_function
from functional_bp.errors import InputError

torch = pytest.importorskip("torch", reason="torch is optional, and not installed")


def function(backward, setup=False):
    """x tanh(w x), and its backward."""

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w, times):
            ctx.save_for_backward(x, w)
            return x * torch.tanh(w * x) * times

        @staticmethod
        def backward(ctx, y_bar):
            x, w = ctx.saved_tensors
            t = torch.tanh(w * x)
            return (*backward(x, w, t, 2 * y_bar), None)

    return F


def right(x, w, t, g):
    return (t + x * w * (1 - t**2)) * g, (x**2 * (1 - t**2) * g).sum(0)


X, W = (torch.from_numpy(np.random.default_rng(0).standard_normal(s)).float() for s in ((4, 3), (3,)))


def test_a_right_one_passes():
    report = check_torch_function(function(right), X, W, 2)
    assert report.ok, report
    assert "torch's autograd in float64" in report.oracles
    assert len(report.points) > 20


def test_a_wrong_one_is_told_with_its_cause():
    report = check_torch_function(function(lambda x, w, t, g: (right(x, w, t, g)[0], -right(x, w, t, g)[1])), X, W, 2)
    assert [verdict.ok for verdict in report.verdicts] == [True, False]
    assert report.verdicts[1].causes[0].kind == "sign"


def test_one_wrong_at_a_special_point_only_is_found():
    def backward(x, w, t, g):
        x_bar, w_bar = right(x, w, t, g)
        return torch.where(x == 0, 1.0, x_bar), w_bar

    assert not check_torch_function(function(backward), X, W, 2).ok


def test_what_torch_does_not_see_through_is_judged_by_differences():
    class Through(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.from_numpy(np.sin(x.detach().numpy()))

        @staticmethod
        def backward(ctx, g):
            return torch.cos(ctx.saved_tensors[0]) * g

    report = check_torch_function(Through, X)
    assert report.ok, report
    assert any("differences" in name or "formula" in name or "complex" in name for name in report.oracles)


def test_what_is_no_function_is_refused():
    with pytest.raises(InputError, match="expected a torch"):
        check_torch_function(torch.tanh, X)
