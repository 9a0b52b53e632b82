"""Who the hub is and whom it admits: its authority, its certificates, its broker's files."""
