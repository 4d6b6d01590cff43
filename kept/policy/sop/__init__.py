"""From the Markdown text of an SOP to a compiled policy.

`tree` reads clauses and blocks, `parse` their YAML, `resolve` the names, `lower` the rules. Every
problem is reported with its place; no input raises.
"""
