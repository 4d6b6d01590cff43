"""Typed readers of the environment. A wrong value is one line that names its setting.

`NAME_FILE` may name a file that holds the value of `NAME`, so that secrets need not sit in
the environment. Nothing else in the product reads `os.environ`.
"""

import os
from pathlib import Path


class SettingError(SystemExit):
    """A setting is missing or cannot be read; printed as its one sentence, exit code 2."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name}: {sentence}")
        self.name = name
        self.sentence = sentence


def text(name: str, default: str | None = None) -> str:
    """Return the setting; without a default an unset one is an error."""
    value = _raw(name)
    if value is not None:
        return value
    if default is None:
        raise SettingError(name, f"is not set. Set {name}, or {name}_FILE to a file holding it.")
    return default


def flag(name: str, default: bool) -> bool:
    """Return a yes/no setting."""
    value = _raw(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise SettingError(name, f'"{value}" is neither yes nor no. Use 1 or 0.')


def number(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    """Return a whole number between `least` and `most`."""
    value = _raw(name)
    if value is None:
        return default
    try:
        amount = int(value.strip())
    except ValueError:
        raise SettingError(name, f'"{value}" is not a whole number.') from None
    if not least <= amount <= most:
        raise SettingError(name, f"{amount} is not between {least} and {most}.")
    return amount


def secret(name: str, *, at_least: int = 32) -> str | None:
    """Return a secret or None where it is unset; one that is too short is an error."""
    value = _raw(name)
    if value is None:
        return None
    if len(value) < at_least:
        raise SettingError(name, f"is shorter than {at_least} characters. Use a random one.")
    return value


def words(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return a comma-separated list."""
    value = _raw(name)
    if value is None:
        return default
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _raw(name: str) -> str | None:
    value = os.environ.get(name)
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return value
    if value is not None:
        raise SettingError(name, f"is set twice: as {name} and as {name}_FILE. Keep one.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(f"{name}_FILE", f"cannot read {path}: {problem}") from None
