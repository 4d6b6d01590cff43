"""Faults put into a running desk: kill, freeze and fill, then look that nothing was lost."""
