"""Tests of places, stock and claims."""
