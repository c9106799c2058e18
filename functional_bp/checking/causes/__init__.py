"""Why a claimed cotangent is wrong: each likely cause is recomputed, and named only if it gives the claimed values."""
