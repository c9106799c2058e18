"""Three steps of an LSTM in a Python loop; the output is the last h."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, evaluate, mistakes, normal


def forward(Wx, Wh, b, xs):
    n = Wh.shape[0]
    h = c = jnp.zeros((xs.shape[1], n), xs.dtype)
    for x in xs:
        z = x @ Wx + h @ Wh + b
        i, f, o = jax.nn.sigmoid(z[:, :n]), jax.nn.sigmoid(z[:, n : 2 * n]), jax.nn.sigmoid(z[:, 2 * n : 3 * n])
        g = jnp.tanh(z[:, 3 * n :])
        c = f * c + i * g
        h = o * jnp.tanh(c)
    return h


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def steps(Wx, Wh, b, xs):
    n = Wh.shape[0]
    h = c = jnp.zeros((xs.shape[1], n), xs.dtype)
    for x in xs:
        z = x @ Wx + h @ Wh + b
        i, f, o = (sigmoid(z[:, k * n : (k + 1) * n]) for k in range(3))
        step = {"x": x, "i": i, "f": f, "o": o, "g": jnp.tanh(z[:, 3 * n :]), "h0": h, "c0": c}
        c = f * c + i * step["g"]
        h = o * jnp.tanh(c)
        yield {**step, "c": c, "h": h, "t": jnp.tanh(c)}


STEP = {
    "o_bar": lambda h_bar, t: h_bar * t,
    "c_bar": lambda carried, h_bar, o, t: carried + h_bar * o * (1 - t**2),
    "i_bar": lambda c_bar, g: c_bar * g,
    "g_bar": lambda c_bar, i: c_bar * i,
    "f_bar": lambda c_bar, c0: c_bar * c0,
    "slope_i": lambda i: i * (1 - i),
    "slope_f": lambda f: f * (1 - f),
    "slope_o": lambda o: o * (1 - o),
    "slope_g": lambda g: 1 - g**2,
    "gates_bar": lambda i_bar, slope_i, f_bar, slope_f, o_bar, slope_o: [
        i_bar * slope_i,
        f_bar * slope_f,
        o_bar * slope_o,
    ],
    "z_bar": lambda gates_bar, g_bar, slope_g: jnp.concatenate([*gates_bar, g_bar * slope_g], -1),
    "Wx_bar": lambda Wx_bar, x, z_bar: Wx_bar + x.T @ z_bar,
    "Wh_bar": lambda Wh_bar, h0, z_bar: Wh_bar + h0.T @ z_bar,
    "b_bar": lambda b_bar, z_bar: b_bar + z_bar.sum(0),
    "x_bar": lambda z_bar, Wx: z_bar @ Wx.T,
    "h_bar": lambda z_bar, Wh: z_bar @ Wh.T,
    "carried": lambda c_bar, f: c_bar * f,
}


def back(**changed):
    """The steps from the last to the first, each evaluated as a table of its own."""

    def bars(Wx, Wh, b, xs, y_bar):
        values = {"Wx": Wx, "Wh": Wh, "Wx_bar": 0, "Wh_bar": 0, "b_bar": 0, "h_bar": y_bar, "carried": 0 * y_bar}
        x_bars = []
        for step in reversed(list(steps(Wx, Wh, b, xs))):
            values = evaluate({**STEP, **changed}, {**values, **step})
            x_bars.insert(0, values["x_bar"])
        return values["Wx_bar"], values["Wh_bar"], values["b_bar"], jnp.stack(x_bars)

    return bars


NETWORK = Network(
    "LSTM",
    forward,
    normal((4, 12), (3, 12), (12,), (3, 2, 4), seed=7),
    {
        "bars": back(),
        "Wx_bar": lambda bars: bars[0],
        "Wh_bar": lambda bars: bars[1],
        "b_bar": lambda bars: bars[2],
        "xs_bar": lambda bars: bars[3],
    },
    mistakes(
        ("ō at c", "wrong residual", "bars", back(o_bar=lambda h_bar, c: h_bar * c)),
        ("no tanh′ of c", "missing factor", "bars", back(c_bar=lambda carried, h_bar, o: carried + h_bar * o)),
        ("ī at i", "wrong residual", "bars", back(i_bar=lambda c_bar, i: c_bar * i)),
        ("ḡ at g", "wrong residual", "bars", back(g_bar=lambda c_bar, g: c_bar * g)),
        ("f̄ at the new c", "wrong residual", "bars", back(f_bar=lambda c_bar, c: c_bar * c)),
        ("no σ′ of i", "missing factor", "bars", back(slope_i=lambda i: jnp.ones_like(i))),
        ("one factor of σ′", "missing factor|wrong residual", "bars", back(slope_i=lambda i: i)),
        ("tanh′ for f", "wrong residual", "bars", back(slope_f=lambda f: 1 - f**2)),
        ("σ′ of o twice", "extra factor", "bars", back(slope_o=lambda o: (o * (1 - o)) ** 2)),
        ("no tanh′ of g", "missing factor", "bars", back(slope_g=lambda g: jnp.ones_like(g))),
        ("W̄h at the new h", "wrong residual", "bars", back(Wh_bar=lambda Wh_bar, h, z_bar: Wh_bar + h.T @ z_bar)),
        ("W̄x overwritten", "missing term|missing sum", "bars", back(Wx_bar=lambda x, z_bar: x.T @ z_bar)),
        ("b̄ averaged", "factor", "bars", back(b_bar=lambda b_bar, z_bar: b_bar + z_bar.mean(0))),
        ("h̄ not carried back", "missing term", "bars", back(h_bar=lambda h_bar: 0 * h_bar)),
        ("c̄ not carried back", "missing term", "bars", back(carried=lambda c_bar: 0 * c_bar)),
        ("no f", "missing factor", "bars", back(carried=lambda c_bar: c_bar)),
    ),
)
