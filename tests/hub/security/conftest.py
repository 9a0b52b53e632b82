"""One broker with certificates for all stories about who may connect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.db import proxy
from tests.hub.security.rig import SecureSite, secure_site
from tests.hub.speaker import Speaker


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureSite]:
    with secure_site(tmp_path_factory.mktemp("secure")) as site:
        yield site


@pytest.fixture
def site(running: SecureSite) -> SecureSite:
    proxy.initialize(running.journal.database)
    return running


@pytest.fixture
def ear(site: SecureSite) -> Iterator[Speaker]:
    """The hub's own connection, which hears everything of the site."""
    address = site.address
    speaker = Speaker(address, address.user, address.password)
    speaker.subscribe("bw/1/w1/#")
    yield speaker
    speaker.close()
