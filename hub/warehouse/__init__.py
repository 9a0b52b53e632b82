"""The floor and the work on it: map, waves, assignments, tours."""
