"""The rules: each returns its output and its Jacobian. One file a family, which names its rules in `__all__`."""

from functional_bp.rules.activations import *
from functional_bp.rules.affine import *
from functional_bp.rules.attention import *
from functional_bp.rules.batch_norm import *
from functional_bp.rules.contraction import *
from functional_bp.rules.convolution import *
from functional_bp.rules.delta import *
from functional_bp.rules.distillation import *
from functional_bp.rules.divergences import *
from functional_bp.rules.dropout import *
from functional_bp.rules.embedding import *
from functional_bp.rules.experts import *
from functional_bp.rules.gates import *
from functional_bp.rules.labels import *
from functional_bp.rules.linear_algebra import *
from functional_bp.rules.maximum import *
from functional_bp.rules.multiplicative import *
from functional_bp.rules.norms import *
from functional_bp.rules.polynomial import *
from functional_bp.rules.pooling import *
from functional_bp.rules.recurrent import *
from functional_bp.rules.smooth import *
from functional_bp.rules.softmax import *

__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    name for name, rule in globals().items() if getattr(rule, "__module__", "").startswith(f"{__name__}.")
)
