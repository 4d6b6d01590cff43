"""Verbs: one transaction each, the only writers. Every fact enters through journal.record."""
