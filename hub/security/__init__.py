"""Who may connect, who was refused, and what the broker's log says about it.

The guard (`guard.py`) runs beside the planner: it has the broker follow the device table, cuts off
whoever was shut out, reads the broker's log, asks devices to renew their certificates in time, and
announces the hub on the local network.
"""
