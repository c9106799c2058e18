"""No dependence, where a cotangent of zeros is wanted all the same."""

from typing import Any

import jax.numpy as jnp

from functional_bp.jacobians.base import Shape, static
from functional_bp.jacobians.shared import Shared


class Zero(Shared):
    """J = 0 of what the whole batch shares: y_bar @ J is 0, of the input's shape."""

    sizes: Shape = static()
    of_dtype: Any = static()
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        return self.sizes

    @property
    def dtype(self) -> Any:
        return self.of_dtype

    def vjp(self, y_bar: Any) -> Any:
        return jnp.zeros(self.sizes.inputs, self.sum_dtype or jnp.result_type(y_bar))

    def jvp(self, z_dot: Any) -> Any:
        return jnp.zeros((*self.sizes.batch, *self.sizes.outputs), jnp.result_type(z_dot))
