"""Tables of imports: runs, their staged slices, notes on single rows, and documents seen.

A staged slice holds the file's own values, also personal ones; it can be emptied without touching
any ledger, since the journal names it by run and number alone.
"""

from __future__ import annotations

import peewee

from hub.db import BytesField, CountField, IdField, MomentField, Table


class ImportRun(Table):
    """One file. STAGING → STAGED → DONE; the same file of the same kind is one run for ever."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    site = peewee.TextField()
    kind = peewee.TextField()
    digest = peewee.TextField()
    file_name = peewee.TextField()
    state = peewee.TextField()
    options = peewee.TextField(default="{}")
    """How it is to be understood (JSON), for whoever goes on with it without the file."""
    rows_total = CountField(default=0)
    slices_total = CountField(default=0)
    created_at = MomentField()
    done_at = MomentField(null=True)

    class Meta:
        table_name = "import_run"
        indexes = ((("company", "site", "kind", "digest"), True),)


class ImportSlice(Table):
    """Rows that are posted in one act. `counts` says what they became (JSON)."""

    run = IdField()
    n = CountField()
    entries = BytesField()
    posted_at = MomentField(null=True)
    counts = peewee.TextField(default="{}")

    class Meta:
        table_name = "import_slice"
        primary_key = peewee.CompositeKey("run", "n")


class ImportNote(Table):
    """What is to be known of one row of the file: a refusal, or a return that found no order."""

    run = IdField()
    row = CountField()
    kind = peewee.TextField()
    code = peewee.TextField()
    text = peewee.TextField()

    class Meta:
        table_name = "import_note"
        primary_key = peewee.CompositeKey("run", "row")


class ImportedDocument(Table):
    """An invoice or credit of a channel that came in once; no file brings it a second time."""

    company = peewee.TextField()
    channel = peewee.TextField()
    document = peewee.TextField()
    run = IdField()

    class Meta:
        table_name = "imported_document"
        primary_key = peewee.CompositeKey("company", "channel", "document")


class ListedAdjustment(Table):
    """A stock correction that a file reports, with its free text. DRAFT → POSTED | REJECTED.

    It names no bin, and the goods may not be here: nothing moves until a person says where.
    """

    id = IdField(primary_key=True)
    company = peewee.TextField()
    site = peewee.TextField()
    run = IdField()
    row = CountField()
    document = peewee.TextField()
    item = IdField()
    quantity = CountField()
    note = peewee.TextField()
    at = MomentField()
    state = peewee.TextField(default="DRAFT")
    place = IdField(null=True)
    settled_at = MomentField(null=True)
    settled_by = IdField(null=True)

    class Meta:
        table_name = "listed_adjustment"
        indexes = ((("site", "state", "at"), False),)
