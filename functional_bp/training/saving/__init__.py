"""Trees of arrays on disk, each whole or refused: archives, checkpoints, shards."""
