"""Benchmarks: each names what it measured beside, so that ratios within one run can be compared."""
