"""One layer under any loss, and then any depth: the gradient of a network by induction over the chain rule.

The layer is z = W x + b, y = F(z) with F any differentiable vector function; after it comes any differentiable
D(y), and g = ∂D/∂y. The layer's four gradients below hold for *every* D, also for one made of further layers and a
divergence. That is the induction: at the last layer D is the divergence; and where the claim holds for the layers
above, they give ∂D/∂y, which is the g of this layer, and its ∂D/∂x is the g of the one below. `network.layer.x` is
that step from layer to layer, `network.two_layers` composes it once.
"""

from sympy import Derivative, Function, IndexedBase, KroneckerDelta, Symbol

from derivations import Derivation, Field, Step, dimension, equation, index, prime, total

n, m, p = dimension("n"), dimension("m"), dimension("p")
j, l = index("j", n), index("l", n)
i, k = index("i", m), index("k", m)
a, c = index("a", p), index("c", p)
W, b, x, z, y, g, z_bar = (IndexedBase(name) for name in ("W", "b", "x", "z", "y", "g", "z_bar"))
loss, D, F = Symbol("loss"), Field("D"), Field("F")

layer = (
    equation(z[i], total(W[i, j] * x[j], j) + b[i]),
    equation(y[a], F[a](z[i], i)),
    equation(loss, D[()](y[a], a)),
    # the row that arrives from above, and the row after the activation
    equation(g[a], prime(D)[a](y[c], c)),
    equation(z_bar[i], total(g[a] * prime(F)[a, i](z[k], k), a)),
)

wrt_z = Derivation(
    "network.layer.z",
    definition=layer[1:4],
    result=equation(Derivative(loss, z[i]), total(g[a] * prime(F)[a, i](z[k], k), a)),
    steps=(
        Step(total(g[a] * Derivative(y[a], z[i]), a), "chain rule: ∇_z D = ∇_y D · J_y(z)"),
        Step(total(g[a] * prime(F)[a, i](z[k], k), a), "∂y_a/∂z_i is F′_ai at z"),
    ),
)

wrt_b = Derivation(
    "network.layer.b",
    definition=layer,
    result=equation(Derivative(loss, b[k]), z_bar[k]),
    steps=(
        Step(total(z_bar[i] * Derivative(z[i], b[k]), i), "chain rule"),
        Step(total(z_bar[i] * KroneckerDelta(i, k), i), "∂z_i/∂b_k = δ_ik"),
        Step(z_bar[k], "contract δ_ik"),
    ),
)

wrt_W = Derivation(
    "network.layer.W",
    definition=layer,
    result=equation(Derivative(loss, W[k, l]), z_bar[k] * x[l]),
    steps=(
        Step(total(z_bar[i] * Derivative(z[i], W[k, l]), i), "chain rule"),
        Step(total(z_bar[i] * KroneckerDelta(i, k) * x[l], i), "∂z_i/∂W_kl = δ_ik x_l"),
        Step(z_bar[k] * x[l], "contract δ_ik"),
    ),
)

wrt_x = Derivation(
    "network.layer.x",
    definition=layer,
    result=equation(Derivative(loss, x[l]), total(z_bar[i] * W[i, l], i)),
    steps=(
        Step(total(z_bar[i] * Derivative(z[i], x[l]), i), "chain rule: ∇_x D = ∇_z D · ∂z/∂x"),
        Step(total(z_bar[i] * W[i, l], i), "∂z_i/∂x_l = W_il; this is the g of the layer below"),
    ),
)

# Two layers with a scalar activation f between them, and any D on top.
V, u, e, s, h, f = (
    IndexedBase("V"),
    IndexedBase("u"),
    IndexedBase("e"),
    IndexedBase("s"),
    IndexedBase("h"),
    Function("f"),
)
two = (
    equation(s[i], total(W[i, j] * x[j], j) + b[i]),
    equation(h[i], f(s[i])),
    equation(u[a], total(V[a, i] * h[i], i) + e[a]),
    equation(loss, D[()](u[a], a)),
    equation(g[a], prime(D)[a](u[c], c)),
)

two_layers = Derivation(
    "network.two_layers",
    definition=two,
    result=equation(Derivative(loss, W[k, l]), total(g[a] * V[a, k], a) * prime(f)(s[k]) * x[l]),
    steps=(
        Step(total(g[a] * V[a, i] * Derivative(h[i], W[k, l]), a, i), "the upper layer: ∇_h D = g V"),
        Step(
            total(g[a] * V[a, i] * prime(f)(s[i]) * KroneckerDelta(i, k) * x[l], a, i),
            "the lower layer: f′ at its pre-activation, then ∂s_i/∂W_kl = δ_ik x_l",
        ),
        Step(total(g[a] * V[a, k], a) * prime(f)(s[k]) * x[l], "contract δ_ik"),
    ),
)

DERIVATIONS = (wrt_z, wrt_b, wrt_W, wrt_x, two_layers)
