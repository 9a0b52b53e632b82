"""Orders from files: tells the formats apart, and posts what either became."""

from __future__ import annotations

from hub.bulk.kinds import plain_orders, uci
from hub.bulk.kinds.order_posting import OrderPosting
from hub.bulk.posting import Context, Staged
from hub.bulk.reading import SourceFile
from hub.bulk.report import Outcome
from hub.journal import Act


class OrderFile:
    """UCI Online Retail when the header says so, else our own plain CSV."""

    name = "orders"

    def __init__(self) -> None:
        self._posting = OrderPosting()

    def read(self, source: SourceFile, context: Context) -> Staged:
        if uci.is_uci(source):
            return uci.read(source, context)
        return plain_orders.read(source, context)

    def post(self, act: Act, context: Context, entries: bytes) -> Outcome:
        return self._posting.post(act, context, entries)
