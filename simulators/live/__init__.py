"""A warehouse of real processes and a real broker, with simulated people in it."""
