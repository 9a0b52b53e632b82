"""A PostgreSQL of our own: one cluster for the session, a fresh database for each test."""

from __future__ import annotations

from simulators.campaigns.own_postgres import Cluster, programs

__all__ = ["Cluster", "programs"]
