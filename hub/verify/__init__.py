"""Whether the books are true: rebuilds, compares, and says where something is off."""
