"""Every command there is, and every event of a device, comes out the same when it is replayed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

import hub as hub_package
from hub.command import COMMANDS
from hub.db import fetch, proxy
from hub.device_gateway.command_answers import ANSWER
from hub.opening import open_beside, open_scratch
from hub.replaying import every_command
from hub.replaying.replay import replay
from hub.warehouse.device_events import EVENT_HANDLERS
from tests import postgres
from tests.hub.replaying.stories import EVERY
from tests.hub.replaying.warehouse import House

every_command.load()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[peewee.Database]:
    """An empty database, bound to the models."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    if request.param == "postgres":
        cluster: postgres.Cluster = request.getfixturevalue("cluster")
        url = cluster.create()
    opened = open_beside(url)
    proxy.initialize(opened)
    yield opened
    opened.close()


def test_a_house_in_which_everything_is_done_comes_out_the_same(
    database: peewee.Database, tmp_path: Path
) -> None:
    house = House(database, tmp_path)
    for story in EVERY:
        story(house)
    rows = fetch(database, "SELECT DISTINCT act FROM journal")
    done = {str(row[0]) for row in rows}
    assert COMMANDS.keys() - done == set()
    assert EVENT_HANDLERS.keys() - done == set()
    assert ANSWER in done
    again = replay(database, open_scratch(tmp_path / "again.db"))
    assert again.difference is None
    assert again.acts == house.one("SELECT COUNT(*) FROM journal")


def test_every_module_with_commands_is_loaded_before_a_replay() -> None:
    root = Path(str(hub_package.__path__[0]))
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(map(_registers, node.decorator_list)):
                found.add(".".join(("hub", *path.relative_to(root).with_suffix("").parts)))
    assert found == set(every_command.MODULES)


def test_the_hub_itself_does_nothing_that_no_replay_can_repeat() -> None:
    """`Journal.perform` takes any function, so its row cannot say what it did: for tests alone."""
    root = Path(str(hub_package.__path__[0]))
    calls = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "perform"
    ]
    assert calls == []


def _registers(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "command"
