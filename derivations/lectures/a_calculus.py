"""A. Calculus: the chain rule, for functions that are not known, of vectors of any length."""

from sympy import Derivative, Function, IndexedBase, Symbol

from derivations import Field, derivative, dimension, equation, index, prime, total
from derivations.lectures.claim import Claim, Equality, Layout

x, eps = Symbol("x"), Symbol("epsilon")
f, g = Function("f"), Function("g")
n, m, p, q, r = (dimension(name) for name in "nmpqr")
i, i_ = index("i", n), index("i'", n)
j, j_ = index("j", m), index("j'", m)
k, a, c = index("k", p), index("a", q), index("c", r)
F, G, D, Y, Z = (Field(name) for name in "FGDYZ")
v, z, dz, y = (IndexedBase(name) for name in ("v", "z", "dz", "y"))
X = IndexedBase("x")

y_of_z = Y[j](z[i], i)

# The graph of A7: each node is an unknown vector function of the one before.
Z1, Y1, Z2, Y2 = (Field(name) for name in ("Z1", "Y1", "Z2", "Y2"))
z1, y1, z2, y2, loss = (*(IndexedBase(name) for name in ("z1", "y1", "z2", "y2")), Symbol("loss"))
to_z1 = equation(z1[j], Z1[j](X[i], i))
to_y1 = equation(y1[k], Y1[k](z1[j], j))
to_z2 = equation(z2[a], Z2[a](y1[k], k))
to_y2 = equation(y2[c], Y2[c](z2[a], a))
to_D = equation(loss, D[()](y2[c], c))
edge_D, edge_y2, edge_z2 = Derivative(loss, y2[c]), Derivative(y2[c], z2[a]), Derivative(z2[a], y1[k])
edge_y1, edge_z1 = Derivative(y1[k], z1[j]), Derivative(z1[j], X[i])
graph = (to_z1, to_y1, to_z2, to_y2, to_D)

CLAIMS = (
    Claim(
        "A1",
        "U, C",
        "y = f(g(x)) ⇒ dy/dx = (dy/dg)(dg/dx)",
        (Equality(Derivative(f(g(x)), x), prime(f)(g(x)) * prime(g)(x)),),
    ),
    Claim(
        "A2",
        "U, C",
        "y = f(g1(x), …, gM(x)) ⇒ dy/dx = Σ_m (∂f/∂g_m)(dg_m/dx)",
        (
            Equality(
                Derivative(F[()](G[j](x), j), x),
                total(prime(F)[j](G[j_](x), j_) * prime(G)[j](x), j),
            ),
        ),
    ),
    Claim(
        "A3",
        "U, C, M",
        "Δy ≈ J_y(z) Δz to first order: J is M×D, J_ji = ∂y_j/∂z_i",
        (
            Equality(
                derivative(Y[j](z[i] + eps * dz[i], i), eps).subs(eps, 0),
                total(Derivative(y_of_z, z[i_]) * dz[i_], i_),
                meaning="the part of y(z + ε dz) that is linear in ε",
            ),
        ),
    ),
    Claim(
        "A4",
        "U, C, M",
        "J_{y∘z}(x) = J_y(z) J_z(x), the outer function's derivative first",
        (
            Equality(
                Derivative(Y[k](Z[j](X[i_], i_), j), X[i]),
                total(prime(Y)[k, j](Z[j_](X[i_], i_), j_) * prime(Z)[j, i](X[i_], i_), j),
            ),
        ),
    ),
    Claim(
        "A5",
        "C, M",
        "D scalar of y(z): ∇_z D = ∇_y D · J_y(z); the row ∇_z D has the transposed shape of z",
        (
            Equality(
                Derivative(D[()](y_of_z, j), z[i_]),
                total(prime(D)[j](Y[j_](z[i], i), j_) * Derivative(y_of_z, z[i_]), j),
            ),
        ),
    ),
    Claim(
        "A6",
        "E 7.50",
        "(∂w/∂v)_ij = ∂w_j/∂v_i: “denominator layout”, the transpose of A3",
        (
            Layout(
                stated=Equality(Derivative(F[j](v[i_], i_), v[i]), prime(F)[j, i](v[i_], i_)),
                ours=Equality(Derivative(F[j](v[i_], i_), v[i]), prime(F)[i, j](v[i_], i_)),
            ),
        ),
    ),
    Claim(
        "A7",
        "U",
        "x → z1 → y1 → z2 → y2 → D: ∇_x D, ∇_{z1} D, ∇_{y1} D, ∇_{z2} D are the products of the edges from D back",
        (
            Equality(Derivative(loss, z2[a]), total(edge_D * edge_y2, c), graph),
            Equality(Derivative(loss, y1[k]), total(edge_D * edge_y2 * edge_z2, c, a), graph),
            Equality(Derivative(loss, z1[j]), total(edge_D * edge_y2 * edge_z2 * edge_y1, c, a, k), graph),
            Equality(Derivative(loss, X[i]), total(edge_D * edge_y2 * edge_z2 * edge_y1 * edge_z1, c, a, k, j), graph),
        ),
    ),
    Claim(
        "A8",
        "K",
        "z = 3y, y = x²  ⇒  dz/dx = 6x",
        (
            Equality(
                Derivative(Symbol("z"), x), 6 * x, (equation(Symbol("y"), x**2), equation(Symbol("z"), 3 * Symbol("y")))
            ),
        ),
    ),
)
