"""Barcodes: labels of ours, retail codes, GS1 element strings and links."""
