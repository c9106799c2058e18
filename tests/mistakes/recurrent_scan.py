"""Four steps of tanh(x Wx + h Wh + b) in a `lax.scan`; the output is every h."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, evaluate, mistakes, normal


def forward(Wx, Wh, b, h, xs):
    def step(h, x):
        h = jnp.tanh(x @ Wx + h @ Wh + b)
        return h, h

    return jax.lax.scan(step, h, xs)[1]


def steps(Wx, Wh, b, h, xs):
    for x in xs:
        z = x @ Wx + h @ Wh + b
        yield {"x": x, "before": h, "z": z, "h": jnp.tanh(z)}
        h = jnp.tanh(z)


STEP = {
    "h_bar": lambda carried, now: carried + now,
    "slope": lambda h: 1 - h**2,
    "z_bar": lambda h_bar, slope: h_bar * slope,
    "Wx_bar": lambda Wx_bar, x, z_bar: Wx_bar + x.T @ z_bar,
    "Wh_bar": lambda Wh_bar, before, z_bar: Wh_bar + before.T @ z_bar,
    "b_bar": lambda b_bar, z_bar: b_bar + z_bar.sum(0),
    "x_bar": lambda z_bar, Wx: z_bar @ Wx.T,
    "carried": lambda z_bar, Wh: z_bar @ Wh.T,
}


def back(**changed):
    def bars(Wx, Wh, b, h, xs, y_bar):
        values = {"Wx": Wx, "Wh": Wh, "Wx_bar": 0, "Wh_bar": 0, "b_bar": 0, "carried": jnp.zeros_like(h)}
        x_bars = []
        for step, now in reversed(list(zip(steps(Wx, Wh, b, h, xs), y_bar, strict=True))):
            values = evaluate({**STEP, **changed}, {**values, **step, "now": now})
            x_bars.insert(0, values["x_bar"])
        return values["Wx_bar"], values["Wh_bar"], values["b_bar"], values["carried"], jnp.stack(x_bars)

    return bars


NETWORK = Network(
    "recurrent cell in a scan",
    forward,
    normal((3, 4), (4, 4), (4,), (2, 4), (4, 2, 3), seed=8),
    {
        "bars": back(),
        "Wx_bar": lambda bars: bars[0],
        "Wh_bar": lambda bars: bars[1],
        "b_bar": lambda bars: bars[2],
        "h_bar": lambda bars: bars[3],
        "xs_bar": lambda bars: bars[4],
    },
    mistakes(
        ("no derivative", "missing factor", "bars", back(slope=lambda h: jnp.ones_like(h))),
        ("derivative twice", "extra factor", "bars", back(slope=lambda h: (1 - h**2) ** 2)),
        ("derivative at z", "wrong residual", "bars", back(slope=lambda z: 1 - z**2)),
        ("sigmoid's derivative", "wrong residual", "bars", back(slope=lambda h: h * (1 - h))),
        ("b̄ averaged", "factor", "bars", back(b_bar=lambda b_bar, z_bar: b_bar + z_bar.mean(0))),
        ("W̄h at the new h", "wrong residual", "bars", back(Wh_bar=lambda Wh_bar, h, z_bar: Wh_bar + h.T @ z_bar)),
        ("W̄h at z", "wrong residual", "bars", back(Wh_bar=lambda Wh_bar, z, z_bar: Wh_bar + z.T @ z_bar)),
        ("W̄h subtracted", "sign", "bars", back(Wh_bar=lambda Wh_bar, before, z_bar: Wh_bar - before.T @ z_bar)),
        ("Wh not transposed", "transposed", "bars", back(carried=lambda z_bar, Wh: z_bar @ Wh)),
        ("not carried back", "missing term", "bars", back(carried=lambda z_bar: 0 * z_bar)),
        ("carried back twice", "extra term|factor", "bars", back(carried=lambda z_bar, Wh: 2 * z_bar @ Wh.T)),
        ("x̄ off by one", "permuted", "xs_bar", lambda bars: jnp.roll(bars[4], 1, 0)),
    ),
)
