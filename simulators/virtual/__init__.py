"""A warehouse in virtual time: one process, one seed, one end."""
