"""Reading the handbooks that ship with Kept, for the tests that hold them to their clauses.

`tests/sops/clauses/SOP.txt` lists each clause that the handbook must carry: its id, its kind and
how it is enforced.
"""
