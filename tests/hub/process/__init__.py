"""Tests of `hub/process`."""
