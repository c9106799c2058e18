"""Causes that only complex numbers know: a conjugate too many or too few, a part lost."""

import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence


def conjugates(e: Evidence) -> Candidates:
    """x̄, ȳ or both conjugated; only the real part."""
    turned = e.with_y_bar(lambda p: [np.conj(b) for b in p.y_bar])
    convention = "the conjugate of J is used (as where gradients are 2 ∂/∂z̄): JAX's ȳ J takes J itself"
    yield Candidate("conjugate", convention, np.conj(turned))
    yield Candidate("conjugate", "the cotangent is conjugated", np.conj(e.true))
    yield Candidate("conjugate", "ȳ is conjugated", turned)
    if np.iscomplexobj(e.true):
        yield Candidate("missing term", "the imaginary part is missing", np.real(e.true).astype(e.true.dtype))
