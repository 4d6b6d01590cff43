"""Every example of docs/api.md runs as it stands."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import MEASURED, program
from tests.people import raise_the_curtain

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def run(script: str, **given: str) -> str:
    done = subprocess.run(
        ["bash", "-euc", script], env={**os.environ, **given}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.system
@pytest.mark.django_db(transaction=True)
def test_the_examples_do_what_the_page_says(live_server: Any) -> None:
    if shutil.which("curl") is None:
        assert os.environ.get("CI") != "true", "curl is missing"
        pytest.skip("curl is missing")
    raise_the_curtain(MEASURED)
    given = {"KEPT": live_server.url, "TOKEN": program("small", "agent").secret}
    opening, *rest = EXAMPLES
    opened = json.loads(run(opening, **given))
    assert json.loads(run(opening, **given)) == opened
    assert len(rest) == 6
    numbers = {"NUMBER": str(opened["id"]), "CUSTOMER": str(opened["customer_id"])}
    for example in rest:
        said = run(example, **numbers, **given)
        if "/closures" in example:
            shown = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
            assert json.loads(said) == shown
        else:
            assert said.startswith("{")
            assert "urn:kept:problem" not in said, said
