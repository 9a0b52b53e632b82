"""Tests of `simulators/virtual`."""
