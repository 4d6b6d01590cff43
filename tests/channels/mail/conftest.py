"""The mail servers that the tests of the channel share."""

from collections.abc import Iterator

import pytest

from tests.channels.mail.mail_servers import DOVECOT, EXIM, Dovecot, Exim, folder, need


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    need(DOVECOT)
    with folder() as path:
        server = Dovecot(path)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    need(EXIM)
    with folder() as path:
        server = Exim(path)
        server.start()
        yield server
        server.stop()
