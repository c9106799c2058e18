"""The normal form: what two formulas have in common if they are equal for every dimension."""
