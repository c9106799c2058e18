"""Three steps of a gated recurrent cell, hₜ = (1 − z) n + z hₜ₋₁, unrolled."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def sigmoid(a):
    return 1 / (1 + jnp.exp(-a))


def forward(h, x, Wz, Wn):
    for t in range(3):
        z = 1 / (1 + jnp.exp(-(x[t] + h @ Wz)))
        n = jnp.tanh(h @ Wn + x[t])
        h = (1 - z) * n + z * h
    return h


def states(h, x, Wz, Wn):
    hs, zs, ns = [h], [], []
    for t in range(3):
        zs.append(sigmoid(x[t] + hs[-1] @ Wz))
        ns.append(jnp.tanh(hs[-1] @ Wn + x[t]))
        hs.append((1 - zs[-1]) * ns[-1] + zs[-1] * hs[-1])
    return hs, zs, ns


def back(
    kept,
    Wz,
    Wn,
    y_bar,
    z_slope=lambda z: z * (1 - z),
    n_slope=lambda n: 1 - n**2,
    through=("z", "n", "h"),
    gate=lambda z: 1 - z,
    difference=lambda h, n: h - n,
    keep=lambda new, old: new + old,
    state=lambda hs, t: hs[t],
    turned=lambda W: W.T,
):
    hs, zs, ns = kept
    x_bars, Wz_bar, Wn_bar = [], 0, 0
    for t in reversed(range(3)):
        z, n = zs[t], ns[t]
        az = y_bar * difference(hs[t], n) * z_slope(z)
        an = y_bar * gate(z) * n_slope(n)
        x_bars.insert(0, az + an)
        Wz_bar, Wn_bar = keep(state(hs, t).T @ az, Wz_bar), keep(state(hs, t).T @ an, Wn_bar)
        parts = {"z": az @ turned(Wz), "n": an @ turned(Wn), "h": y_bar * z}
        y_bar = sum(parts[name] for name in through)
    return y_bar, jnp.stack(x_bars), Wz_bar, Wn_bar


def backward(**changed):
    return lambda kept, Wz, Wn, y_bar: back(kept, Wz, Wn, y_bar, **changed)


NETWORK = Network(
    "gated recurrent cell",
    forward,
    normal((2, 3), (3, 2, 3), (3, 3), (3, 3)),
    {
        "kept": lambda h, x, Wz, Wn: states(h, x, Wz, Wn),
        "bars": backward(),
        "h_bar": lambda bars: bars[0],
        "x_bar": lambda bars: bars[1],
        "Wz_bar": lambda bars: bars[2],
        "Wn_bar": lambda bars: bars[3],
    },
    mistakes(
        ("the gate's derivative forgotten", "missing factor", "bars", backward(z_slope=jnp.ones_like)),
        ("one factor of the gate's derivative", "missing factor|wrong residual", "bars", backward(z_slope=lambda z: z)),
        (
            "the gate's derivative squared",
            "extra factor|extra term",
            "bars",
            backward(z_slope=lambda z: (z * (1 - z)) ** 2),
        ),
        (
            "tanh's derivative for the gate",
            "wrong residual|missing factor",
            "bars",
            backward(z_slope=lambda z: 1 - z**2),
        ),
        ("the candidate's derivative forgotten", "missing factor", "bars", backward(n_slope=jnp.ones_like)),
        ("sigmoid's derivative for the candidate", "wrong residual", "bars", backward(n_slope=lambda n: n * (1 - n))),
        ("z for 1 − z", "wrong residual|mask|swapped", "bars", backward(gate=lambda z: z)),
        ("1 − z forgotten", "missing factor", "bars", backward(gate=jnp.ones_like)),
        ("the difference with the wrong sign", "sign", "bars", backward(difference=lambda h, n: n - h)),
        ("the old state's share forgotten", "missing term", "bars", backward(difference=lambda h, n: -n)),
        ("the candidate's share forgotten", "missing term", "bars", backward(difference=lambda h, n: h)),
        ("not carried by the gate", "missing term", "bars", backward(through=("n", "h"))),
        ("not carried by the candidate", "missing term", "bars", backward(through=("z", "h"))),
        ("not carried by the state", "missing term", "bars", backward(through=("z", "n"))),
        (
            "overwritten at each step",
            "missing term|missing sum|overwritten",
            "bars",
            backward(keep=lambda new, old: new),
        ),
        ("subtracted at each step", "sign", "bars", backward(keep=lambda new, old: new - old)),
        ("at the new state", "wrong residual", "bars", backward(state=lambda hs, t: hs[t + 1])),
        ("at the first state", "wrong residual", "bars", backward(state=lambda hs, t: hs[0])),
        ("matrices not transposed", "transposed", "bars", backward(turned=lambda W: W)),
        ("matrices exchanged", "swapped", "Wz_bar", lambda bars: bars[3]),
        (
            "x̄ of the first step everywhere",
            "wrong residual|missing sum|permuted",
            "x_bar",
            lambda bars: jnp.stack([bars[1][0]] * 3),
        ),
        ("x̄ in reverse", "permuted", "x_bar", lambda bars: bars[1][::-1]),
        ("x̄ one step late", "permuted", "x_bar", lambda bars: jnp.roll(bars[1], 1, 0)),
    ),
)
