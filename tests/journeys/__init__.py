"""Journeys: several processes, many events, one audit at the end."""
