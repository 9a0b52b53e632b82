"""The words of every verdict: what it is called, what is so, what to do. For people who own shops,
not servers. Sentences are marked for translation where they are shown.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    says: str
    do: str = ""


TITLES: Final = {
    "parts": "Programs",
    "disk": "Disk",
    "database": "Books",
    "backup": "Backup",
    "verify": "Check of the books",
    "devices": "Devices",
    "batteries": "Batteries",
    "outboxes": "Events on devices",
    "device_disks": "Disks of devices",
    "commands": "Messages to devices",
    "parked": "Events set aside",
    "certificates": "Device certificates",
    "rights": "Who may give rights",
    "clock": "Clock",
}
"""In no particular order: `rules.judge` says in which they are read."""

WORDS: Final[dict[tuple[str, str], Words]] = {
    ("parts", "GOOD"): Words("All {number} programs of the hub are running."),
    ("parts", "ELSEWHERE"): Words("The hub's programs are started one by one on this site."),
    ("parts", "DOWN"): Words(
        "Not running at this moment: {names}.",
        "It is started again by itself within a second. If this stays, look into the logs folder.",
    ),
    ("parts", "RESTARTED"): Words(
        "Started again several times: {names}.",
        "Everything works, but something keeps ending it: look into the logs folder, and keep the "
        "last backup at hand.",
    ),
    ("disk", "GOOD"): Words("{free} are free ({percent} %)."),
    ("disk", "LOW"): Words(
        "Only {free} are free ({percent} %).",
        "Delete what is not Binlight's, or use a larger disk.",
    ),
    ("disk", "FILLING"): Words(
        "{free} are free; at the present pace they are used up in {days} days.",
        "Plan for a larger disk.",
    ),
    ("disk", "FULL"): Words(
        "Only {free} are free.",
        "Make room today: when nothing is left, the hub stops taking scans and devices keep them.",
    ),
    ("database", "GOOD"): Words("The books take {size}, log files {logs}."),
    ("backup", "GOOD"): Words("The last one was made {at}, and could be read."),
    ("backup", "AHEAD"): Words(
        "The first one is made tonight; 'binlight backup FILE' makes one now."
    ),
    ("backup", "NEVER"): Words(
        "There is none yet.", "Leave the hub on at night, or run 'binlight backup FILE'."
    ),
    ("backup", "OLD"): Words(
        "The last one was made {at}.", "Leave the hub on at night, or run 'binlight backup FILE'."
    ),
    ("backup", "FAILED"): Words(
        "The one of {at} failed: {text}", "Make room or name another folder, then run it again."
    ),
    ("verify", "GOOD"): Words("Every balance was rebuilt and compared {at}: all true."),
    ("verify", "AHEAD"): Words("They are checked for the first time tonight, with the backup."),
    ("verify", "NEVER"): Words(
        "They have not been checked yet.",
        "Leave the hub on at night, or run 'binlight backup FILE'.",
    ),
    ("verify", "OLD"): Words(
        "They were checked {at}.", "Leave the hub on at night, or run 'binlight backup FILE'."
    ),
    ("verify", "FAILED"): Words(
        "On {at} something was off: {text}",
        "Keep working, keep the backups, and ask whoever looks after the hub to run "
        "'binlight verify'.",
    ),
    ("devices", "GOOD"): Words("{online} of {total} are online."),
    ("devices", "SILENT"): Words(
        "Away for more than half an hour, with events that the hub has not got: {names}.",
        "Switch them on where the radio reaches; nothing is lost meanwhile.",
    ),
    ("batteries", "GOOD"): Words("No device runs low."),
    ("batteries", "LOW"): Words("Running low: {names}.", "Change or charge them."),
    ("outboxes", "GOOD"): Words("{waiting} wait on devices to be sent."),
    ("outboxes", "NEARLY_FULL"): Words(
        "Nearly full: {names}.", "Bring them where the radio reaches, and leave them on."
    ),
    ("outboxes", "FULL"): Words(
        "Full, and refusing scans: {names}.",
        "Bring them where the radio reaches, and leave them on until nothing waits.",
    ),
    ("device_disks", "GOOD"): Words("All have room."),
    ("device_disks", "LOW"): Words(
        "Less than 500 MB are free: {names}.",
        "Delete what is not Binlight's there, or give them a larger card.",
    ),
    ("device_disks", "FULL"): Words(
        "Less than 100 MB are free: {names}.",
        "Make room today: without it they refuse scans.",
    ),
    ("commands", "GOOD"): Words("{number} wait for an answer."),
    ("commands", "UNANSWERED"): Words(
        "{number} wait for an answer, the oldest since {at}, though its device is online.",
        "Switch that device off and on.",
    ),
    ("parked", "GOOD"): Words("None."),
    ("parked", "PARKED"): Words("{number} wait for a decision.", "Settle them under Exceptions."),
    ("rights", "GOOD"): Words("Nobody gives rights by a password alone."),
    ("rights", "UNGUARDED"): Words(
        "May give rights to others, and have no second factor: {names}.",
        "Have them set one up on their page You. People → Roles says of whom it is demanded.",
    ),
    ("rights", "RESTORED"): Words(
        "A backup was restored, and with it who may do what.",
        "People says what changed by it: have an administrator look.",
    ),
    ("certificates", "GOOD"): Words("None ends soon."),
    ("certificates", "ENDING"): Words(
        "Ending within 60 days: {names}.",
        "Switch them on for an hour: they get a new one by themselves.",
    ),
    ("clock", "GOOD"): Words("Set by a time server."),
    ("clock", "JUMPED"): Words(
        "This machine's clock was set {at}, by {by} ({direction}). What was written before bears "
        "the other time; nobody lost work or a log-in by it.",
        "See that it can reach a time server, and that the battery of its clock is good.",
    ),
    ("clock", "UNKNOWN"): Words("This machine does not say who sets its clock."),
    ("clock", "NOT_SET"): Words(
        "No time server has set this machine's clock.",
        "Without internet: set it by hand now and then, or add a clock module.",
    ),
}
PAGES: Final = {
    "devices": "/devices",
    "batteries": "/devices",
    "outboxes": "/devices",
    "device_disks": "/devices",
    "commands": "/devices",
    "certificates": "/devices",
    "rights": "/people",
    "parked": "/exceptions",
}
"""Where to do something about it."""
