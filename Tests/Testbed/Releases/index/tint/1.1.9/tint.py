"""Colours."""

VERSION = "1.1.9"


def colour(word):
    return "*" + word + "*"
