"""x."""


def register(c):
    pass
