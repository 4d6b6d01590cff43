"""The JSON API under /api/v1: reads the same queries and calls the same verbs as the pages."""
