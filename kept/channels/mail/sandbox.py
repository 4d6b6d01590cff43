"""The parser behind a wall: a child process with limits on time and memory, killed when it stalls.

One child reads many mails, one after the other, over its pipes. A mail that raises, stalls or
eats memory costs its child and nothing else. `parser_child` is the other side.
"""

import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec

from kept.channels.mail.mime import Unreadable
from kept.channels.mail.parsed import ParsedMail

SECONDS = 8
START_SECONDS = 30
MEMORY_BYTES = 256_000_000
MAILS_PER_CHILD = 500
LARGEST_ANSWER = 200_000_000
LENGTH = struct.Struct(">I")
READY = b"+"

_ROOT = Path(__file__).resolve().parents[3]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the child answers: the mail, or the reason why there is none."""

    mail: ParsedMail | None = None
    reason: str = ""


class Sandbox:
    """Parses mails in a child process, one at a time; threads may share it."""

    def __init__(self, *, seconds: int = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def parse(self, raw: bytes) -> ParsedMail:
        """Return the parsed mail; raise Unreadable with a plain reason when there is none."""
        with self._lock:
            answer = self._ask(raw)
        if answer.mail is None:
            raise Unreadable(answer.reason or "The message could not be read.")
        return answer.mail

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ask(self, raw: bytes) -> Answer:
        child = self._child
        if child is None or child.is_spent():
            self.close()
            child = self._child = _Child(self._seconds, self._memory_bytes)
        try:
            return msgspec.msgpack.decode(child.exchange(raw), type=Answer)
        except TimeoutError:
            self.close()
            return Answer(reason=f"Reading the message took longer than {self._seconds} seconds.")
        except (EOFError, OSError, msgspec.DecodeError):
            self.close()
            return Answer(reason="The reader of the message broke down over it.")


class _Child:
    """One parser process and its pipes."""

    def __init__(self, seconds: int, memory_bytes: int) -> None:
        self.seconds = seconds
        self.read = 0
        self.process = subprocess.Popen(
            [
                sys.executable, "-P", "-s", "-m", "kept.channels.mail.parser_child",
                str(seconds), str(memory_bytes),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"},
        )  # fmt: skip
        self._within(START_SECONDS, lambda: _exactly(self.process.stdout, len(READY)))

    def is_spent(self) -> bool:
        return self.read >= MAILS_PER_CHILD or self.process.poll() is not None

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()

    def exchange(self, raw: bytes) -> bytes:
        """Write a mail and read its answer; raise TimeoutError once its time is over."""
        self.read += 1
        return self._within(self.seconds, lambda: self._talk(raw))

    def _talk(self, raw: bytes) -> bytes:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None:
            raise EOFError
        stdin.write(LENGTH.pack(len(raw)))
        stdin.write(raw)
        stdin.flush()
        (length,) = LENGTH.unpack(_exactly(stdout, LENGTH.size))
        if length > LARGEST_ANSWER:
            raise EOFError
        return _exactly(stdout, length)

    def _within(self, seconds: int, talk: Callable[[], bytes]) -> bytes:
        """Talk to the child; a timer in another thread kills it, which ends the pipes."""
        is_over = threading.Event()

        def stop() -> None:
            is_over.set()
            self.process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            return talk()
        except (EOFError, OSError):
            if is_over.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()


def _exactly(stream: IO[bytes] | None, length: int) -> bytes:
    octets = stream.read(length) if stream is not None else b""
    if len(octets) < length:
        raise EOFError
    return octets
