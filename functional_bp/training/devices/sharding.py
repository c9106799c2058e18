"""Where a run's arrays lie on a mesh of devices. The rules and their Jacobians know nothing of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
import optax
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import Int

from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule, value_and_grad
from functional_bp.rules import AffineParams
from functional_bp.training.data.labelled import Data
from functional_bp.training.devices.slots import branch, check_slots, mean, tree_sum
from functional_bp.training.step import State, start

if TYPE_CHECKING:
    from functional_bp.training.data.files import Part

DATA, MODEL = "data", "model"


def device_mesh(data: int, model: int = 1) -> Mesh:
    """data × model devices, those of all processes together. Raises InputError if there are not as many, or if some
    process would have none.

    The axes are Auto: the compiler adds the communication that a layout needs.
    """
    found = jax.devices()
    if not 1 <= data * model <= len(found):
        raise InputError(f"{data * model} devices were asked for, there are {len(found)}: {found[0].device_kind}")
    devices, processes = found[: data * model], jax.process_count()
    if len({device.process_index for device in devices}) < processes:
        raise InputError(
            f"{data * model} devices of {len(found)} were asked for: not each of {processes} processes has one"
        )
    axis_types = (AxisType.Auto, AxisType.Auto)
    return jax.make_mesh((data, model), (DATA, MODEL), axis_types, devices=devices)


def whole(params: Any, mesh: Mesh) -> Any:
    """Every device has all parameters."""
    return jax.tree.map(lambda leaf: P(), params)


def by_rows_and_columns(params: Any, mesh: Mesh) -> Any:
    """Tensor parallel: of affine layers, W by its rows and b with it, the next layer's W by its columns, and so on.

    A layer by rows gives each device some of the units, which is what a layer by columns takes; its output is a sum
    over the devices. A W that the devices do not divide, and all other parameters, are whole.
    Source: Shoeybi et al. 2019, "Megatron-LM".
    """
    k, by_rows = mesh.shape[MODEL], False

    def split(node: Any) -> Any:
        nonlocal by_rows
        if not isinstance(node, AffineParams):
            return P()
        *stack, m, n = node.W.shape
        by_columns = by_rows and n % k == 0
        by_rows = not by_columns and m % k == 0
        layers = [None] * len(stack)
        rows = P(*layers, MODEL) if by_rows else P()
        return AffineParams(P(*layers, None, MODEL) if by_columns else rows, rows)  # pyright: ignore[reportArgumentType]

    return jax.tree.map(split, params, is_leaf=lambda node: isinstance(node, AffineParams))


def fully_sharded(params: Any, mesh: Mesh) -> Any:
    """Each parameter along the longest of its axes that the devices divide; whole if there is none."""

    def split(leaf: Any) -> P:
        axes = [axis for axis, length in enumerate(leaf.shape) if length % mesh.shape[DATA] == 0]
        axis = max(axes, key=lambda axis: leaf.shape[axis], default=None)
        return P() if axis is None else P(*[None] * axis, DATA)

    return jax.tree.map(split, params)


class Layout(NamedTuple):
    """The rows of a batch lie along the axis `data` of the mesh; `split(params, mesh)` says how each parameter lies.

    With `explicit`, each device runs the backward pass on its own rows and the sum over devices is written out;
    otherwise the compiler finds it from where the arrays lie. With `slots`, the sum is that of `slots.slotted`,
    whatever the number of devices.
    """

    mesh: Mesh
    split: Callable[[Any, Mesh], Any] = whole
    explicit: bool = False
    slots: int | None = None

    def sharding(self, *axes: str | None) -> NamedSharding:
        return NamedSharding(self.mesh, P(*axes))

    def shardings(self, params: Any) -> Any:
        return jax.tree.map(lambda spec: NamedSharding(self.mesh, spec), self.split(params, self.mesh))

    def value_and_grad(
        self, network: Layer, divergence: Rule, gradients_of: Callable[..., Callable] = value_and_grad
    ) -> Callable[..., tuple[jax.Array, Any]]:
        """`gradients_of(network, divergence)` on the mesh: the same numbers, each gradient lying as its parameter does.

        Raises InputError for a batch that the devices do not divide.
        """
        on_mesh = in_slots if self.slots else explicit if self.explicit else constrained
        loss_and_gradients = on_mesh(self, gradients_of(network, divergence))

        def checked(params: Any, x: Any, d: Any, key: Any = None) -> tuple[jax.Array, Any]:
            rows, k = jax.tree.leaves(x)[0].shape[0], self.mesh.shape[DATA]
            if rows % k:
                raise InputError(f"a batch of {rows} rows cannot be divided among {k} devices")
            return loss_and_gradients(params, x, d, key)

        return checked

    def start(self, network: Layer, optimizer: optax.GradientTransformation, seed: int) -> State:
        """`step.start`, each device computing its own part: no device ever has to hold all parameters."""

        def first() -> State:
            return start(network, optimizer, seed)

        return jax.jit(first, out_shardings=self.of_state(jax.eval_shape(first), optimizer))()

    def of_state(self, state: State, optimizer: optax.GradientTransformation) -> State:
        """The sharding of each leaf: the optimiser's moments lie as the parameters whose shape they have, all else is
        everywhere."""
        shardings, everywhere = self.shardings(state.params), self.sharding()
        moments = optax.tree.map_params(
            optimizer,
            lambda leaf, theta, sharding: sharding if leaf.shape == theta.shape else everywhere,
            state.optimizer,
            state.params,
            shardings,
            transform_non_params=lambda leaf: everywhere,
        )
        rest = jax.tree.map(lambda leaf: everywhere, state)
        return rest._replace(params=shardings, optimizer=moments)

    def shapes(self, state: State, optimizer: optax.GradientTransformation) -> State:
        """Shape and dtype of each leaf of a state, with its sharding."""

        def with_place(leaf: Any, place: NamedSharding) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)

        return jax.tree.map(with_place, state, self.of_state(state, optimizer))

    def place_state(self, state: State, optimizer: optax.GradientTransformation) -> State:
        """The state on the mesh; every process must come with the same."""
        return jax.tree.map(from_host, state, self.of_state(state, optimizer))

    def place(self, arrays: Any, *axes: str | None) -> Any:
        """Arrays (NumPy's, memory-mapped too) on the mesh; a process reads only what its own devices hold."""
        return jax.tree.map(lambda array: from_host(array, self.sharding(*axes)), arrays)

    def reader(self, part: "Data | Part") -> Callable[[Int[np.ndarray, "steps batch"]], tuple[jax.Array, jax.Array]]:
        """`stream.reader` on the mesh: (x[steps, batch, k], labels[steps, batch]) of given rows.

        The batches are the same for any number of processes, and each reads only the rows of its own devices.
        """

        def read(rows: Int[np.ndarray, "steps batch"]) -> tuple[jax.Array, jax.Array]:
            return tuple(self.place(Batches(array, rows), None, DATA) for array in part)  # pyright: ignore[reportReturnType]

        return read

    def gather(self, tree: Any) -> Any:
        """The same tree, whole, on a device of this very process: to be saved or looked at. All must call it."""
        together = jax.jit(unchanged, out_shardings=self.sharding())(tree)
        return jax.tree.map(lambda leaf: leaf.addressable_data(0), together)


class Batches:
    """The given rows of an array, of shape (*rows.shape, …): reads what is asked of it, and no more."""

    def __init__(self, array: Any, rows: Int[np.ndarray, "steps batch"]) -> None:
        self.array, self.rows = array, rows
        self.shape = (*rows.shape, *array.shape[1:])

    def __getitem__(self, part: tuple[slice, ...]) -> np.ndarray:
        steps, batch, *rest = part
        rows = self.rows[steps, batch]
        return self.array[rows.ravel()].reshape(*rows.shape, *self.shape[2:])[:, :, *rest]


def from_host(array: Any, sharding: NamedSharding) -> jax.Array:
    """The array lying so; a process reads those parts alone that its own devices hold."""
    if getattr(array, "sharding", None) == sharding:
        return array
    return jax.make_array_from_callback(array.shape, sharding, lambda part: array[part])


def unchanged(tree: Any) -> Any:
    return tree


def constrained(layout: Layout, loss_and_gradients: Callable) -> Callable:
    """Says where the arrays lie; the compiler adds the sums over devices."""

    def on_mesh(params: Any, x: Any, d: Any, key: Any) -> tuple[jax.Array, Any]:
        shardings = layout.shardings(params)
        params = jax.lax.with_sharding_constraint(params, shardings)
        x, d = jax.lax.with_sharding_constraint((x, d), layout.sharding(DATA))
        loss, gradients = loss_and_gradients(params, x, d, key)
        return loss, jax.lax.with_sharding_constraint(gradients, shardings)

    return on_mesh


def explicit(layout: Layout, loss_and_gradients: Callable) -> Callable:
    """θ̄ = (1/k) Σ over k devices of θ̄ from each one's rows: equal parts, so the mean of means is the mean.

    This sum is ours to write, since y_bar @ J is: `jax.grad` of replicated parameters would bring it along, and a
    second one would give k times the gradient. Noise (dropout) is drawn on each device from a key of its own, and so
    is other than on one device.
    """

    def on_each_device(params: Any, x: Any, d: Any, key: Any) -> tuple[jax.Array, Any]:
        if key is not None:
            key = jax.random.fold_in(key, jax.lax.axis_index(DATA))
        return jax.lax.pmean(loss_and_gradients(params, x, d, key), DATA)

    return jax.shard_map(on_each_device, mesh=layout.mesh, in_specs=(P(), P(DATA), P(DATA), P()), out_specs=P())


def in_slots(layout: Layout, loss_and_gradients: Callable) -> Callable:
    """Each device sums the branch of its own slots; all then sum the branches."""
    slots, devices = layout.slots or 1, layout.mesh.shape[DATA]

    def on_each_device(params: Any, x: Any, d: Any, key: Any) -> tuple[jax.Array, Any]:
        here = slots // devices
        mine = branch(loss_and_gradients, here, jax.lax.axis_index(DATA) * here, params, x, d, key)
        return mean(tree_sum(jax.lax.all_gather(mine, DATA)), slots)

    specs = (P(), P(DATA), P(DATA), P())
    return jax.shard_map(on_each_device, mesh=layout.mesh, in_specs=specs, out_specs=P(), check_vma=False)


def with_slots(layout: Layout, slots: int, batch: int) -> Layout:
    """The layout with sums that do not depend on its devices. Raises InputError where it divides parameters."""
    if layout.split is not whole:
        raise InputError("--slots goes with --layout data or explicit, where every device has all parameters")
    check_slots(slots, batch, layout.mesh.shape[DATA])
    return layout._replace(slots=slots)


LAYOUTS: dict[str, Callable[[int], Layout]] = {
    "data": lambda devices: Layout(device_mesh(devices)),
    "explicit": lambda devices: Layout(device_mesh(devices), explicit=True),
    "tensor": lambda devices: Layout(device_mesh(1, devices), by_rows_and_columns),
    "full": lambda devices: Layout(device_mesh(devices), fully_sharded),
}


def layout(name: str, devices: int) -> Layout:
    """data (rows of the batch divided), explicit (the same with its sum written out), tensor (weights divided by rows
    and columns) or full (rows and all parameters divided). Raises InputError for another name or too few devices."""
    if name not in LAYOUTS:
        raise InputError(f"unknown layout {name!r}: expected one of {', '.join(LAYOUTS)}")
    return LAYOUTS[name](devices)
