"""One run on many devices and in many processes: where its arrays lie, and who writes."""
