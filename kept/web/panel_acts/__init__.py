"""The acts whose forms stand in a panel; apart from the panels, which show a whole page."""
