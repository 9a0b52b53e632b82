"""Refusals of imports. A file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.errors import HubError

SHOWN_MAX: Final = 10
ERRORS_MAX: Final = 1_000
"""Errors that are collected before reading stops."""


class RowError(NamedTuple):
    """What is wrong where: row 1 is the first after the header."""

    row: int
    column: str
    code: str
    text: str

    def sentence(self) -> str:
        return f"row {self.row}, {self.column}: {self.text}"


class ImportRefused(HubError):
    """The file has errors; nothing of it was taken."""

    code = "IMPORT_REFUSED"

    def __init__(self, file_name: str, errors: Sequence[RowError]) -> None:
        self.file_name, self.errors = file_name, tuple(errors)
        shown = "\n  ".join(error.sentence() for error in errors[:SHOWN_MAX])
        more = len(errors) - SHOWN_MAX
        tail = f"\n  and {more} more (--report FILE lists all)" if more > 0 else ""
        super().__init__(f"Nothing was imported; {file_name} has errors:\n  {shown}{tail}")

    def values(self) -> dict[str, object]:
        return {"file_name": self.file_name, "errors": [e._asdict() for e in self.errors]}


class UnreadableFile(HubError):
    code = "UNREADABLE_FILE"

    def __init__(self, file_name: str, why: str) -> None:
        self.file_name, self.why = file_name, why
        super().__init__(f"{file_name} cannot be read: {why}.")


class WrongColumns(HubError):
    """The first row does not name the columns that this kind needs."""

    code = "WRONG_COLUMNS"

    def __init__(self, file_name: str, missing: Sequence[str], unknown: Sequence[str]) -> None:
        self.file_name, self.missing, self.unknown = file_name, tuple(missing), tuple(unknown)
        said = [f"it lacks {', '.join(missing)}"] if missing else []
        said += [f"it has unknown columns {', '.join(unknown)}"] if unknown else []
        super().__init__(f"{file_name}: {' and '.join(said)} (docs/import.md lists the columns).")


class OtherImportRuns(HubError):
    """Two people import the same file at the same time."""

    code = "OTHER_IMPORT_RUNS"

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        super().__init__(f"{file_name} is being imported by somebody else just now.")
