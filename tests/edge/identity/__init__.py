"""Tests of `edge/identity`."""
