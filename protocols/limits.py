"""Named limits of the wire, each with its unit. Owns numbers only.

[M] marks a value that was chosen by measurement; see docs/protocol.md for the figures.
"""

from typing import Final

NAME_CHARS_MAX: Final = 32
PAYLOAD_BYTES_MAX: Final = 256 * 1024
"""An assignment of 300 lines with three codes each has about 80 kB; an event about 300 bytes."""
EVENT_BYTES_MAX: Final = 4 * 1024
SCAN_CHARS_MAX: Final = 256
ENROLMENT_CODE_CHARS_MAX: Final = 250
"""Below SCAN_CHARS_MAX; a QR code of 250 such signs is still easily read from a screen."""
PEM_CHARS_MAX: Final = 4_096
"""One certificate or request; an EC P-256 certificate has about 800 characters."""
SEQ_MAX: Final = 2**63 - 1
QUANTITY_MAX: Final = 1_000_000_000
"""Base units in one message; a typed quantity above it is a slip of the finger."""

DEVICE_WINDOW: Final = 32
"""Events that a device has under way and not yet acknowledged by the hub."""
GATEWAY_RECEIVE_MAX: Final = 2_000
"""MQTT Receive Maximum of the gateway; below it groups never exceed 20 events [M]."""
ACK_EXPIRY_S: Final = 60
RESEND_AFTER_MIN_MS: Final = 1_000
RESEND_AFTER_MAX_MS: Final = 30_000
RESEND_ROUND_TRIPS: Final = 4
"""A device resends after max(RESEND_AFTER_MIN_MS, this many smoothed round trips)."""
COMMAND_RESEND_AFTER_MS: Final = 2_000
COMMAND_RESEND_MAX_MS: Final = 30_000
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
KEEPALIVE_S: Final = 15
"""A dead device is shown offline after 1.5 times this."""

OUTBOX_ROWS_MAX: Final = 100_000
OUTBOX_WARN_PERCENT: Final = 90
OUTBOX_KEEP_DAYS: Final = 7
ROOT_DAYS_KEPT: Final = 31
"""Days whose ledger roots a device keeps."""
UNTRUSTED_HUBS_PER_DAY: Final = 20
"""Events about foreign hubs in a device's outbox: a rogue must not be able to fill it."""
PARKED_LISTED_MAX: Final = 50
