"""Words that devices and the hub share: topics, messages, barcodes. Imports nothing of ours."""
