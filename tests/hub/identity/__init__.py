"""Tests of `hub/identity`."""
