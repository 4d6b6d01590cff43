"""How fast Kept is, beside what the machine and PostgreSQL could do: `python -m bench`."""
