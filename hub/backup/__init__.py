"""Backups: taken while the hub works, checked, kept for weeks, and restored."""
