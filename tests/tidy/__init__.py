"""Whether the house is in order: layout, sizes, locks, documentation."""
