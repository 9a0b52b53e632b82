"""People on the floor and in the office, as scripts that look, walk, scan and err."""
