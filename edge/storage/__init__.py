"""The durable memory of a device: its outbox, and small files that survive a power cut."""
