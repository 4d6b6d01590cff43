"""Loops over tables: clocks, outbox, intake, cadences. Any number of them, on any host."""
