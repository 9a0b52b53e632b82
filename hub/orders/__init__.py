"""Orders and the quantity ledger of their lines."""
