"""Pages that join capabilities: today, search, audit, and correcting stock that others hold."""
