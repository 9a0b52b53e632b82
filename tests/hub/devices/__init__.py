"""Devices: enrolment, passwords, parked events."""
