"""How a device finds its hub and talks to it: looking, connecting, sending, hearing."""
