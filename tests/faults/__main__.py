"""`python -m tests.faults [NAME ...]`: break a running desk in every way we know, one by one.

Each fault starts `kept run` on a folder of its own, sends mail and asks for pages all the while,
does its damage, and looks afterwards. One line a fault: PASS or FAIL, its number, seconds.
"""

import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.faults.running import Running


def main(names: list[str]) -> int:
    """Run the faults named, or all of them; 1 where one failed."""
    from tests.faults.damage import FAULTS

    failed = 0
    for name, (number, fault) in FAULTS.items():
        if names and name not in names and number not in names:
            continue
        folder = Path(tempfile.mkdtemp(prefix=f"kept-fault-{name}-", dir="/tmp"))
        folder.chmod(0o711)
        desk = Running(folder / "data")
        began = time.monotonic()
        try:
            told = fault(desk)
            word = "PASS"
        except Exception as wrong:
            traceback.print_exc()
            told, word = f"{wrong} (log: {desk.log})", "FAIL"
            failed += 1
        finally:
            desk.clear()
            _forget()
        if word == "PASS":
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{word} {number} {name} {time.monotonic() - began:.0f} s: {told}", flush=True)
    return 1 if failed else 0


def _forget() -> None:
    if "django" in sys.modules:
        from django.db import connections

        connections.close_all()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kept.settings")
    sys.exit(main(sys.argv[1:]))
