"""People, roles, log-ins."""
