"""The gateway: exactly once, in order, and nothing stops it but the disk."""
