"""`kept` to run, and a small SOP to run it on."""

from pathlib import Path

import pytest

from tests.cli.runs import SHOP, Kept, runner


@pytest.fixture
def kept(capsys: pytest.CaptureFixture[str]) -> Kept:
    return runner(capsys)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.md"
    path.write_text(SHOP)
    return path
