"""Kept: a support desk that runs a written SOP."""

__version__ = "0.1.0"
