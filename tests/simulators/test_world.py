"""Virtual time: one order of things, and chance that no other part can shift."""

from __future__ import annotations

from simulators.people.actors import Actor, Ask, Busy, Look, Machine, Script, Until, VirtualStage
from simulators.world import World


def test_entries_of_one_moment_happen_in_the_order_of_their_entering() -> None:
    world, happened = World(1), list[str]()
    for name in "abc":
        world.after(2.0, lambda name=name: happened.append(name))
    world.after(1.0, lambda: happened.append("first"))
    world.run(world.clock.at_us + 5_000_000)
    assert happened == ["first", "a", "b", "c"]


def test_the_clock_jumps_to_what_is_due_and_ends_where_it_should() -> None:
    world, seen = World(1), list[int]()
    began_us = world.clock.at_us
    world.after(3_600.0, lambda: seen.append(world.clock.now_us() - began_us))
    world.run(began_us + 7_200_000_000)
    assert seen == [3_600_000_000]
    assert world.clock.at_us - began_us == 7_200_000_000


def test_what_was_taken_off_the_agenda_does_not_happen() -> None:
    world, happened = World(1), list[str]()
    entry = world.after(1.0, lambda: happened.append("dropped"))
    world.after(2.0, lambda: happened.append("kept"))
    entry.drop()
    world.run(world.clock.at_us + 5_000_000)
    assert happened == ["kept"]


def test_chance_is_the_same_for_a_name_and_other_for_another() -> None:
    numbers = [World(seed).chance(name).random() for seed, name in ((7, "a"), (7, "a"), (7, "b"))]
    assert numbers[0] == numbers[1] != numbers[2]
    assert World(8).chance("a").random() != numbers[0]


def play(script: Script, world: World) -> Actor:
    actor = Actor("somebody", script, VirtualStage(world.after))
    actor.start()
    return actor


def test_a_person_is_busy_for_as_long_as_it_takes() -> None:
    world, moments = World(1), list[float]()
    began_us = world.clock.at_us

    def script() -> Script:
        for wait in (Busy(3), Machine(2)):
            yield wait
            moments.append((world.clock.at_us - began_us) / 1_000_000)

    play(script(), world)
    world.run(began_us + 60_000_000)
    assert moments == [3, 5]


def test_somebody_who_looks_is_woken_and_else_goes_on_by_themselves() -> None:
    world, moments = World(1), list[float]()
    began_us = world.clock.at_us

    def script() -> Script:
        for wait in (Look(10), Look(10)):
            yield wait
            moments.append((world.clock.at_us - began_us) / 1_000_000)

    actor = play(script(), world)
    world.after(4.0, actor.wake)
    world.run(began_us + 60_000_000)
    assert moments == [4, 14]
    assert actor.is_done


def test_somebody_who_waits_for_a_machine_is_not_woken_by_anything_else() -> None:
    world, moments, lamp = World(1), list[float](), list[bool]()
    began_us = world.clock.at_us

    def script() -> Script:
        yield Until(lambda: bool(lamp), 30)
        moments.append((world.clock.at_us - began_us) / 1_000_000)

    actor = play(script(), world)
    world.after(1.0, actor.wake)
    world.after(5.0, lambda: (lamp.append(True), actor.wake()))
    world.run(began_us + 60_000_000)
    assert moments == [5]


def test_an_answer_of_the_hub_reaches_the_script_and_so_does_a_refusal() -> None:
    world, heard = World(1), list[object]()

    def refuse() -> None:
        raise LookupError("no such tote")

    def script() -> Script:
        heard.append((yield Ask(lambda: 42)))
        try:
            yield Ask(refuse)
        except LookupError as refusal:
            heard.append(str(refusal))

    play(script(), world)
    world.run(world.clock.at_us + 1_000_000)
    assert heard == [42, "no such tote"]
