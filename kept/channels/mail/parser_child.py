"""The child of the sandbox: reads mails from its input, writes what they are to its output.

It limits itself before it reads anything, opens no file and no connection, and ends with its
parent's pipe.
"""

import resource
import sys

import msgspec

from kept.channels.mail.mime import Unreadable
from kept.channels.mail.parse import parse
from kept.channels.mail.sandbox import LENGTH, READY, Answer


def main() -> None:
    """Answer one mail after the other until the input ends."""
    seconds, memory_bytes = int(sys.argv[1]), int(sys.argv[2])
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    stdout.write(READY)
    stdout.flush()
    while len(head := stdin.read(LENGTH.size)) == LENGTH.size:
        _limit(resource.RLIMIT_CPU, int(_processor_seconds()) + seconds + 2)
        octets = msgspec.msgpack.encode(_answer(stdin.read(*LENGTH.unpack(head))))
        stdout.write(LENGTH.pack(len(octets)))
        stdout.write(octets)
        stdout.flush()


def _answer(raw: bytes) -> Answer:
    """Parse one mail. Whatever goes wrong with it is this mail's fate, not the reader's."""
    try:
        return Answer(mail=parse(raw))
    except Unreadable as reason:
        return Answer(reason=str(reason))
    except MemoryError:
        return Answer(reason="Reading the message took more memory than any mail needs.")
    except Exception as problem:  # noqa: BLE001 - any failure must become a reason to show
        return Answer(reason=f"The message could not be read ({type(problem).__name__}).")


def _limit(what: int, most: int) -> None:
    """Lower the soft limit; a system that cannot leaves the parent's timer as the guard."""
    _, hard = resource.getrlimit(what)
    try:
        resource.setrlimit(what, (most, hard))
    except (ValueError, OSError):
        return


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
