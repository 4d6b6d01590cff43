"""Tables: rows, what PostgreSQL must refuse, and every read. Verbs live in services."""
