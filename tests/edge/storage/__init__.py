"""Tests of `edge/storage`."""
