"""Right or wrong: the claim against the truth at points, at kinks, and in what came with the backward."""
