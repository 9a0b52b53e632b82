"""The HTTP API from outside: over a real socket, as programs and attackers use it."""
