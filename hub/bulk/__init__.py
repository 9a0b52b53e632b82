"""Rows in and out of the hub: files of items, barcodes, stock, people and orders; labels."""
