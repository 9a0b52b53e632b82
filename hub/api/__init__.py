"""The HTTP API under `/api/1/`, described by `/api/openapi.json` (OpenAPI 3.1).

Owns addresses, schemas, tokens and idempotency keys. What happens is done by the same services as
on the pages: `acts.carry_out` asks the permission and writes the journal.
"""

from hub.api import catalog, enrolment, orders, packing, status, stock, waves
from hub.api.door import pages

__all__ = ["catalog", "enrolment", "orders", "packing", "pages", "status", "stock", "waves"]
