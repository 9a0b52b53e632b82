"""Shipments and parcels."""
