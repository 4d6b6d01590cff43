"""A seeded world that drives the real engine through months of tickets and faults.

One seed makes one policy, one ticket's outside facts, and one unlucky delivery of them. The same
seed always makes the same world, so a failing one can be repeated:
`python -m tests.simulation --seed N`.
"""
