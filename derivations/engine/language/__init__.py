"""The language of formulas: words, indices, derivatives, and how a formula is printed. Nothing here judges."""
