"""What is written of a command is what is read again; personal values lie beside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.command import (
    COMMANDS,
    Command,
    Id,
    Personal,
    PersonalOrNone,
    UnknownAct,
    command,
    read,
    written,
)
from hub.journal import Act


class Line(NamedTuple):
    item: Id
    quantity: int


@pytest.fixture(autouse=True, scope="module")
def registry() -> Iterator[None]:
    """What these stories register is gone afterwards."""
    before = dict(COMMANDS)
    _define()
    yield
    COMMANDS.clear()
    COMMANDS.update(before)


def _define() -> None:
    command("test.order", needs="test.act")(Order)
    command("test.person")(Person)


class Order(Command[bytes], frozen=True):
    id: Id
    lines: tuple[Line, ...] = ()
    maybe: Id | None = None
    day: date | None = None
    words: dict[str, str] = {}

    def carry_out(self, act: Act) -> bytes:
        return self.id


class Person(Command[None], frozen=True):
    name: Personal
    badge: PersonalOrNone = None
    role: str = "picker"

    def carry_out(self, act: Act) -> None:
        return


ids = st.binary(min_size=16, max_size=16)
orders = st.builds(
    Order,
    ids,
    st.lists(st.builds(Line, ids, st.integers(0, 2**50)), max_size=5).map(tuple),
    st.none() | ids,
    st.none() | st.dates(),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


@given(orders)
def test_every_command_comes_back_as_it_was(wanted: Order) -> None:
    kept, personal = written(wanted)
    assert personal == b""
    assert read("test.order", "k", kept, b"") == wanted


def test_ids_are_written_so_that_people_can_search_for_them() -> None:
    kept, _ = written(Order(b"\x01" * 16, (Line(b"\xff" * 16, 3),)))
    assert msgspec.json.decode(kept) == {
        "id": "01" * 16, "lines": [["ff" * 16, 3]], "maybe": None, "day": None, "words": {},
    }  # fmt: skip


def test_personal_values_are_not_in_what_the_journal_keeps() -> None:
    wanted = Person("Ana", badge="A-1", role="packer")
    kept, personal = written(wanted)
    assert kept == b'{"role":"packer"}'
    assert read("test.person", "k", kept, personal) == wanted


def test_what_was_erased_reads_as_nobody_and_never_as_the_same_nobody_twice() -> None:
    kept, _ = written(Person("Ana", badge="A-1"))
    first, second = (read("test.person", key, kept, b"") for key in ("k1", "k2"))
    assert isinstance(first, Person)
    assert isinstance(second, Person)
    assert first.badge is None
    assert first.name.startswith("erased-")
    assert first.name != second.name


def test_the_permission_is_the_name_unless_another_is_said() -> None:
    assert Order.NEEDS == ("test", "act")
    assert Person.NEEDS == ("test", "person")


def test_a_name_is_given_once() -> None:
    with pytest.raises(AssertionError, match=r"test\.person is Person already"):
        command("test.person")(Order)


def test_a_command_of_another_version_is_named() -> None:
    with pytest.raises(UnknownAct, match=r"test\.unknown"):
        read("test.unknown", "k", b"{}", b"")
