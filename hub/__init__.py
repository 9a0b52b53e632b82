"""What owns orders, stock and money at a site. Never imports the edge."""
