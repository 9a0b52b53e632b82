"""Places, balances, movements and allocations: every quantity and who holds it."""
