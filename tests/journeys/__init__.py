"""Whole ways through the product, as somebody would go them."""
