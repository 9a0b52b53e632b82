"""Pick tours and clusters: which way to walk, and whose orders to pick together.

Pure rules: frozen values in, frozen values out, the same answer for the same question, always.
Searches count iterations, never seconds. Nothing here reads a database or a clock.
"""

from __future__ import annotations

from hub.warehouse.tours.classic import as_listed, largest_gap, s_shape
from hub.warehouse.tours.clusters import Cluster, Clusters, form_clusters
from hub.warehouse.tours.grouping import OrderWork
from hub.warehouse.tours.planning import plan_tour
from hub.warehouse.tours.tour import PlaceOffTheFloor, Tour, tour_cm

__all__ = [
    "Cluster",
    "Clusters",
    "OrderWork",
    "PlaceOffTheFloor",
    "Tour",
    "as_listed",
    "form_clusters",
    "largest_gap",
    "plan_tour",
    "s_shape",
    "tour_cm",
]
