"""Colours."""

VERSION = "1.10.0"


def colour(word):
    return "*" + word + "*"
