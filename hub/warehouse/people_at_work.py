"""What logging in and out means for work: it follows its person, and reserve goes to others.

Owns the HANDLERS of these events, on top of those of `hub.devices.events`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.devices import events as devices
from hub.ids import NIL
from hub.journal import Act
from hub.warehouse import dispatch
from hub.warehouse.states import HELD_BY_SOMEBODY
from protocols.envelope import Event
from protocols.messages.events import PersonLoggedIn, PersonLoggedOut

Handler = Callable[[Act, Event, Any], None]

_LEFT_BEHIND: Final = (
    "SELECT id, state FROM assignment WHERE site = ? AND person = ? AND device NOT IN ('', ?) "
    "AND state IN ('OFFERED', 'ASSIGNED', 'IN_PROGRESS') ORDER BY id"
)


def person_logged_in(act: Act, event: Event, data: PersonLoggedIn) -> None:
    """Somebody who went on with another device gets what they had begun there; the rest of what
    lies there is anybody's.
    """
    devices.person_logged_in(act, event, data)
    if act.actor == NIL or not devices.is_with(act, act.device, act.actor):
        return
    for id, state in act.tx.rows(_LEFT_BEHIND, (act.site, act.actor, act.device)):
        if state == "IN_PROGRESS":
            act.tx.run(
                "UPDATE assignment SET state = 'SUSPENDED', held_since = ? WHERE id = ?",
                (act.now_us, bytes(id)),
            )
        else:
            dispatch.hand_over(act, bytes(id), "WENT_ELSEWHERE")


def person_logged_out(act: Act, event: Event, data: PersonLoggedOut) -> None:
    """Nobody is there to work any more: the device waits for no work, and what it has in reserve is
    for others. Work of somebody who has left the shift is for others too.
    """
    devices.person_logged_out(act, event, data)
    dispatch.forget_request(act, act.device)
    dispatch.ask_back_all(act, act.device)
    if data.reason == "NOT_ON_SHIFT":
        _free_all(act)


def _free_all(act: Act) -> None:
    marks = ", ".join("?" * len(HELD_BY_SOMEBODY))
    rows = act.tx.rows(
        f"SELECT id FROM assignment WHERE site = ? AND person = ? AND device = ? "
        f"AND state IN ({marks}) ORDER BY id",
        (act.site, act.actor, act.device, *HELD_BY_SOMEBODY),
    )
    for (id,) in rows:
        dispatch.hand_over(act, bytes(id), "NOT_ON_SHIFT")


HANDLERS: Final[dict[str, Handler]] = {
    "PersonLoggedIn": person_logged_in,
    "PersonLoggedOut": person_logged_out,
}
