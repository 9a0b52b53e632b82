"""Tests of imports, exports and labels."""
