"""A TCP proxy that fails on purpose: it cuts a session where a test wants it cut."""

import contextlib
import socket
import threading
from collections.abc import Callable

Cut = Callable[[bytes, bytes], bool]
"""Told what the client and the server have said so far; True cuts the session here."""


class FaultProxy:
    """Relays to one server on loopback until `cut` says so; counts the cuts it made."""

    def __init__(self, port: int, cut: Cut) -> None:
        self._to = port
        self._cut = cut
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "FaultProxy":
        return self

    def __exit__(self, *problem: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                _Session(self, client, server)

    def must_cut(self, said: bytes, answered: bytes) -> bool:
        """Ask the test, and count."""
        if self._cut(said, answered):
            self.cuts += 1
            return True
        return False


class _Session:
    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.said, self.answered = b"", b""
        threading.Thread(target=self._up, daemon=True).start()
        threading.Thread(target=self._down, daemon=True).start()

    def _up(self) -> None:
        with contextlib.suppress(OSError):
            while octets := self.client.recv(65536):
                self.said += octets
                self.server.sendall(octets)
                if self.proxy.must_cut(self.said, self.answered):
                    break
        self._end()

    def _down(self) -> None:
        with contextlib.suppress(OSError):
            while octets := self.server.recv(65536):
                self.answered += octets
                if self.proxy.must_cut(self.said, self.answered):
                    break
                self.client.sendall(octets)
        self._end()

    def _end(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
