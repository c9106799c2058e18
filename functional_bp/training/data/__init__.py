"""Data sets on disk and in memory: what can be read, what is refused, and in which order the rows come."""
