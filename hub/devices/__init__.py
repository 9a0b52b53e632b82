"""Devices, presence, configuration, and what was refused from them."""
