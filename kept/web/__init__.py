"""The agents' pages: read the form, call one service or query, render."""
