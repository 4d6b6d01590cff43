"""Make a desk: its name, its address and the policy it runs."""

from kept.records.models import Desk
from kept.services.errors import NotValid
from kept.services.texts import one_line


def create_desk(slug: str, *, name: str, sop: str, address: str, zone: str) -> int:
    """Create a desk, or return the one with this slug."""
    if not slug.replace("-", "").isalnum() or not slug.isascii():
        raise NotValid("A desk's short name has letters, digits and hyphens.")
    row, _ = Desk.objects.get_or_create(
        slug=slug,
        defaults={
            "name": one_line(name, 200),
            "sop": sop,
            "address": one_line(address, 254).lower(),
            "zone": zone,
        },
    )
    return row.pk
