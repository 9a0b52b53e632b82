"""The options by which a command on the terminal finds its hub. Owns how they are written: before
the name of a sub-command or after it; what stands after it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from hub.config import DEFAULT_COMPANY, DEFAULT_SITE, HubConfig, default_data_folder


class Where(NamedTuple):
    """What somebody said about the hub that they mean."""

    data: Path | None = None
    database: str | None = None
    site: str | None = None
    company: str | None = None

    def or_else(self, other: Where) -> Where:
        """This, and what `other` says where this says nothing."""
        return Where(
            self.data or other.data, self.database or other.database, self.site or other.site,
            self.company or other.company,
        )  # fmt: skip

    @property
    def folder(self) -> Path:
        return (self.data or default_data_folder()).expanduser().absolute()

    @property
    def config(self) -> HubConfig:
        """Raises HubError for what no hub can be called."""
        return HubConfig(
            str(self.folder), self.site or DEFAULT_SITE, self.company or DEFAULT_COMPANY,
            database_url=self.database or "",
        ).check()  # fmt: skip

    @property
    def has_hub(self) -> bool:
        """Whether anything was ever set up there, as far as a folder can tell."""
        return bool(self.database) or (self.folder / "hub.db").exists()


_OPTIONS: Final = (
    click.option("--data", type=click.Path(path_type=Path, file_okay=False),
                 help="The hub's data folder (default: the user's)."),
    click.option("--database", help="postgresql://USER@HOST/NAME, if it is not in --data."),
    click.option("--site", help=f"Default: {DEFAULT_SITE}."),
    click.option("--company", help=f"Default: {DEFAULT_COMPANY}."),
)  # fmt: skip


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def before(group: Callable[[], None]) -> Callable[..., None]:
    """A group of commands that takes the options before the name of one of them."""

    @wraps(group)
    def told(**said: Any) -> None:
        click.get_current_context().obj = Where(**said)
        group()

    return _with_options(told)


def after(command: Callable[..., None]) -> Callable[..., None]:
    """A sub-command that takes them as well; its first argument is the Where of both places."""

    @wraps(command)
    def found(**values: Any) -> None:
        said = Where(**{name: values.pop(name) for name in Where._fields})
        command(said.or_else(click.get_current_context().obj or Where()), **values)

    return _with_options(found)
