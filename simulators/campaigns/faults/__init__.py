"""Faults put upon real processes: how each is injected, how it ends, and what came of it."""
