"""A wrong setting is one clear line that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kept import env
from kept.settings import database_settings

ROOT = Path(__file__).resolve().parent.parent.parent


def test_typed_readers_read_what_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_FLAG", "yes")
    monkeypatch.setenv("A_NUMBER", " 7 ")
    (tmp_path / "secret").write_text("s" * 40 + "\n")
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "secret"))
    assert env.flag("A_FLAG", default=False) is True
    assert env.number("A_NUMBER", 1) == 7
    assert env.secret("A_SECRET") == "s" * 40
    assert env.words("NOT_SET", ("a",)) == ("a",)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("A_FLAG", "perhaps", lambda: env.flag("A_FLAG", default=False)),
        ("A_NUMBER", "many", lambda: env.number("A_NUMBER", 1)),
        ("A_NUMBER", "99", lambda: env.number("A_NUMBER", 1, most=9)),
        ("A_SECRET", "short", lambda: env.secret("A_SECRET")),
        ("A_SECRET_FILE", "/nowhere", lambda: env.secret("A_SECRET")),
        ("UNRELATED", "", lambda: env.text("NEVER_SET")),
    ],
)
def test_a_wrong_value_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(env.SettingError) as problem:
        read()  # type: ignore[operator]  # a lambda
    assert problem.value.name in (name, "NEVER_SET")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "postgresql://host", "postgresql://host:port/name", "nonsense"]
)
def test_a_wrong_database_url_is_one_line(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import kept.settings"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": url, "KEPT_SECRET": "s" * 40},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_every_connection_has_its_time_outs() -> None:
    made = database_settings("postgresql://u:p%40@db:6432/kept?sslmode=require")
    assert (made["USER"], made["PASSWORD"], made["PORT"]) == ("u", "p@", "6432")
    options = made["OPTIONS"]
    assert isinstance(options, dict)
    assert options["sslmode"] == "require"
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert name in options["options"]
