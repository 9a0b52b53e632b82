"""Every act of the bench as data: name, parameters, sentence. Owns the table and reads its values.

The page draws its forms from it, files and the command line are checked by it, and
`TesterBench` has a method of each name. A later device (a dock, lights, a till) adds its rows here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from edge.handheld.work import PHASES
from edge.tones import Tone
from hub.devices.kinds import AWAITED, ENROLLED, RETIRED, REVOKED
from protocols.messages.events import EVENT_TYPES
from simulators.errors import SimulatorsError
from simulators.tester_bench.codes import CODES, FRESH
from simulators.tester_bench.damage import DAMAGES
from simulators.tester_bench.display import KEYS
from simulators.tester_bench.hardware import Proof
from simulators.tester_bench.weather import AIRS

PARTS: Final = ("broker", "gateway", "web", "planner")
STATES: Final = (AWAITED, ENROLLED, REVOKED, RETIRED)
COUNT_MAX: Final = 1_000
SHIFT_MAX_S: Final = 3 * 366 * 24 * 3_600
REQUIRED: Final = object()


class UnknownAct(SimulatorsError):
    code = "UNKNOWN_ACT"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no act {name!r}; use one of {', '.join(ACTS)}.")


class BadParameter(SimulatorsError):
    code = "BAD_PARAMETER"

    def __init__(self, act: str, name: str, problem: str) -> None:
        self.act, self.name, self.problem = act, name, problem
        super().__init__(f"{act}, {name}: {problem}.")


class Parameter(NamedTuple):
    """One value that an act takes."""

    name: str
    says: str
    kind: Literal["text", "number", "choice"] = "text"
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = COUNT_MAX


class Act(NamedTuple):
    """One act; `is_expectation`: it changes nothing, and fails when it waits in vain."""

    name: str
    says: str
    parameters: tuple[Parameter, ...] = ()
    is_expectation: bool = False


def _choice(name: str, says: str, choices: Iterable[str], **more: Any) -> Parameter:
    return Parameter(name, says, "choice", choices=tuple(choices), **more)


def _number(name: str, says: str, **more: Any) -> Parameter:
    return Parameter(name, says, "number", **more)


_DEVICE: Final = Parameter("device", "a device on the bench")
_CODE: Final = Parameter("code", "what the label says; with or without AIM identifier")
_DAMAGE: Final = _choice("damage", "how the label is spoiled", ("", *DAMAGES), default="")
_HOW_OFTEN: Final = _number("count", "how often", least=1)

_TABLE: Final = (
    Act("scan", "Scan a label.", (_DEVICE, _CODE, _DAMAGE)),
    Act("scan_double", "One pull of the trigger, read twice.", (_DEVICE, _CODE)),
    Act("burst", "Scan the same label again and again.",
        (_DEVICE, _CODE, _HOW_OFTEN._replace(default=20),
         _number("per_second", "how fast", default=20, least=1, most=200),
         _number("unplug_after", "pull the cable after so many are heard; 0: never", default=0))),
    Act("scan_asked", "Scan or type what the screen asks for.", (_DEVICE, _DAMAGE)),
    Act("work", "Do what the screen asks for until so many lines are over.",
        (_DEVICE, _number("lines", "how many lines", default=1, least=1))),
    Act("type", "Type on the keypad, and press Enter.", (_DEVICE, Parameter("text", "what"))),
    Act("press", "Press one key.",
        (_DEVICE, Parameter("key", f"a character, or {', '.join(KEYS)}"))),
    Act("unplug_scanner", "Pull the scanner's cable.", (_DEVICE,)),
    Act("plug_scanner", "Plug the scanner in.", (_DEVICE,)),
    Act("set_air", "Change what the air lets through.",
        (_DEVICE, _choice("air", "how it is", AIRS))),
    Act("set_battery", "Charge or drain the battery.",
        (_DEVICE, _number("percent", "its charge", most=100))),
    Act("set_clock", "Set the wall clock wrong; 0 sets it right.",
        (_DEVICE, _number("shift_s", "seconds ahead", least=-SHIFT_MAX_S, most=SHIFT_MAX_S))),
    Act("fill_disk", "The storage takes no byte more.", (_DEVICE,)),
    Act("free_disk", "The storage takes bytes again.", (_DEVICE,)),
    Act("kill_agent", "SIGKILL the agent; it is started again.", (_DEVICE,)),
    Act("switch_off", "Take the power away.", (_DEVICE,)),
    Act("switch_on", "Give the power back.", (_DEVICE,)),
    Act("print_label", "Print a label of our own: a badge's, a bin's or a tote's.", (_CODE,)),
    Act("forget_identity", "Make it a device that nobody has enrolled.", (_DEVICE,)),
    Act("show_code", "Have the hub show a code that enrols a device.",
        (_DEVICE, _choice("code", "which sort", CODES, default=FRESH))),
    Act("scan_shown_code", "Scan the code that the hub shows.", (_DEVICE, _DAMAGE)),
    Act("revoke", "Shut the device out at the hub, as lost or stolen.", (_DEVICE,)),
    Act("kill_part", "SIGKILL a part of the hub; it is started again.",
        (_choice("part", "which", PARTS),)),
    Act("stop_hub", "End the hub with its broker."),
    Act("start_hub", "Start the hub again."),
    Act("pause", "Let time pass.", (_number("seconds", "how long", most=86_400),)),
    Act("expect_screen", "The screen shows these words.",
        (_DEVICE, Parameter("shows", "the words; line ends count as blanks")), True),
    Act("expect_phase", "The device asks for this.",
        (_DEVICE, _choice("phase", "what it asks for", PHASES)), True),
    Act("expect_tone", "The last act sounded like this.",
        (_DEVICE, _choice("tone", "the tone", list(Tone))), True),
    Act("expect_counted", "So many pieces are counted.",
        (_DEVICE, _number("count", "pieces")), True),
    Act("expect_waiting", "So many events wait for the hub.",
        (_DEVICE, _number("least", "at least", default=0),
         _number("most", "at most", default=COUNT_MAX)), True),
    Act("expect_event", "The hub has exactly so many events of a type.",
        (_choice("type", "the event", sorted(EVENT_TYPES)), _HOW_OFTEN._replace(default=1, least=0),
         _DEVICE._replace(default="")), True),
    Act("expect_proof", "The device shows its hub this.",
        (_DEVICE, _choice("proof", "what", get_args(Proof))), True),
    Act("expect_at_hub", "The hub has the device in this state.",
        (_DEVICE, _choice("state", "which", STATES)), True),
    Act("expect_hub", "The device shows whether the hub is there.",
        (_DEVICE, _choice("state", "which", ("here", "away"))), True),
    Act("expect_audit", "Everything has reached the hub, once, and the books are right.", (), True),
)  # fmt: skip
ACTS: Final[dict[str, Act]] = {act.name: act for act in _TABLE}


def checked(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of an act as values. Raises UnknownAct, BadParameter."""
    act = ACTS.get(name)
    if act is None:
        raise UnknownAct(name)
    known = {parameter.name for parameter in act.parameters}
    for unknown in given.keys() - known:
        raise BadParameter(name, unknown, f"this act takes {', '.join(sorted(known)) or 'nothing'}")
    return {parameter.name: _value(name, parameter, given) for parameter in act.parameters}


def _value(act: str, parameter: Parameter, given: Mapping[str, Any]) -> Any:
    value = given.get(parameter.name, parameter.default)
    if value is REQUIRED or (value == "" and parameter.default is REQUIRED):
        raise BadParameter(act, parameter.name, f"say {parameter.says}")
    if parameter.kind == "number":
        return _number_in(act, parameter, value)
    if not isinstance(value, str):
        raise BadParameter(act, parameter.name, "a text is wanted")
    if parameter.kind == "choice" and value not in (*parameter.choices, parameter.default):
        raise BadParameter(act, parameter.name, f"use one of {', '.join(parameter.choices)}")
    return value


def _number_in(act: str, parameter: Parameter, value: Any) -> float:
    """Whole numbers stay whole: they are counts. Text is read, for forms and command lines."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadParameter(act, parameter.name, f"{value!r} is no number") from None
    if not parameter.least <= number <= parameter.most:
        limits = f"{parameter.least:g} to {parameter.most:g}"
        raise BadParameter(act, parameter.name, f"use {limits}")
    return int(number) if number.is_integer() else number
