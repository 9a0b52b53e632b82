"""Items and their barcodes."""
