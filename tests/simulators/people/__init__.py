"""Tests of `simulators/people`."""
