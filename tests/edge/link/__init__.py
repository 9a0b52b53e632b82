"""Tests of `edge/link`."""
