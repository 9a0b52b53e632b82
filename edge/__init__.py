"""What runs on a device: scanners, workflows, the outbox. Never imports the hub."""
