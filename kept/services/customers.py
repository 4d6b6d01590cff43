"""Find or make the customer behind an address."""

from django.db import connection

from kept.services.addresses import normal_address
from kept.services.errors import NotFound, NotValid
from kept.services.texts import one_line


def find_or_make(kind: str, value: str, name: str, *, desk: int, region: str = "") -> int:
    """Return the customer with this address; two at once make one.

    What this desk put on file goes first; what another desk did counts for that one alone.
    `region` is the country in which a number without one is read.
    """
    address = normal_address(kind, value, region=region)
    if not address:
        raise NotValid("A customer needs an address.")
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [kind, address, desk])
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        cursor.execute(
            """
            WITH made AS (
              INSERT INTO customer (name, language, preferred_channel)
              VALUES (%s, '', '') RETURNING id)
            INSERT INTO customer_address (customer_id, kind, value)
            SELECT id, %s, %s FROM made
            ON CONFLICT (kind, value, desk_id) DO NOTHING RETURNING customer_id
            """,
            [one_line(name, 200), kind, address],
        )
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        # Somebody else committed the address meanwhile; the name row just made stays unused.
        cursor.execute(_FIND, [kind, address, desk])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such customer.")
    return int(row[0])


_FIND = """
SELECT customer_id FROM customer_address
WHERE kind = %s AND value = %s AND (desk_id IS NULL OR desk_id = %s)
ORDER BY desk_id NULLS LAST LIMIT 1
"""
