"""Scanner drivers, each with what only it can show; the common behaviour is in contracts."""
