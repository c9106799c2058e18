"""The claims of the five lectures, transcribed as they are stated, and judged by the engine."""

from collections.abc import Iterable

from derivations.lectures import (
    a_calculus,
    b_affine,
    c_scalar_activations,
    d_vector_activations,
    e_losses,
    f_networks,
    g_descent,
)
from derivations.lectures.claim import Claim, Ruling

SECTIONS = (a_calculus, b_affine, c_scalar_activations, d_vector_activations, e_losses, f_networks, g_descent)
CLAIMS: dict[str, Claim] = {claim.id: claim for section in SECTIONS for claim in section.CLAIMS}


def rulings(ids: Iterable[str] = ()) -> list[Ruling]:
    """The claims with these ids, judged; all of them if none is named. Raises KeyError for an unknown id."""
    return [CLAIMS[id].judge() for id in (tuple(ids) or CLAIMS)]
