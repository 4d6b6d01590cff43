"""What the docs promise to list, they list."""

import re
from pathlib import Path
from typing import get_args

from kept.policy.decisions import Decision
from kept.policy.facts import Fact

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PUBLIC = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "sops").glob("*.md")])


def test_the_glossary_lists_every_fact_and_every_decision() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", (DOCS / "glossary.md").read_text()))
    for kind in (*get_args(Fact), *get_args(Decision)):
        assert kind.__struct_config__.tag in listed, kind.__name__


def test_every_setting_is_documented() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "kept").rglob("*.py"))
    settings = set(re.findall(r"\"(KEPT_[A-Z_]+|DATABASE_URL)\"", source))
    documented = (DOCS / "settings.md").read_text()
    assert settings
    for name in sorted(settings):
        assert f"`{name}`" in documented, name


def test_links_between_documents_lead_somewhere() -> None:
    for path in PUBLIC:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"
