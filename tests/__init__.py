"""Tests: a mirror of the source, plus contracts, journeys and tidiness."""
