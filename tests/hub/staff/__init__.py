"""People: rules, acts and the command."""
