"""The hub's web process as `binlight hub --only web` runs it, with room for thousands of tries a
minute: config on the standard input, one line when it answers.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from random import SystemRandom

import msgspec

from hub.app import create_app, serving, settings_of
from hub.clock import SystemClock
from hub.config import HubConfig
from hub.journal import Journal
from hub.opening import open_database
from hub.process.supervise import die_with_parent
from hub.run import log_as_json

TRIES_A_MINUTE = 1_000_000


def main() -> None:
    die_with_parent()
    log_as_json()
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=HubConfig)
    journal = Journal(open_database(config.database), SystemClock(), SystemRandom())
    settings = replace(
        settings_of(config, journal),
        log_ins_per_minute=TRIES_A_MINUTE,
        enrolments_per_minute=TRIES_A_MINUTE,
    )
    server, _ = serving(create_app(settings), config.listen, config.port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
