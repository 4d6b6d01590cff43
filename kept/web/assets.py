"""Static files: one fingerprint for all of them, part of every address.

Scripts import each other by relative paths, so files cannot be renamed one by one; a common
folder that changes with any of them keeps the paths whole and lets browsers keep files for ever.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path


def fingerprint(*folders: Path) -> str:
    """Return twelve hexadecimal digits that change with any file below the folders."""
    digest = hashlib.sha256(version("django-htmx").encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
