"""People, metal and third parties, simulated; the code they drive is the real one."""
