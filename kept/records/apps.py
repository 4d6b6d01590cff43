"""The Django app of the tables."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """One app holds all tables, so that their references need no order of apps."""

    name = "kept.records"
    label = "records"
