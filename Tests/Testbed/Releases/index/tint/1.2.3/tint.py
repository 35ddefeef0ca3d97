"""Colours."""

VERSION = "1.2.3"


def colour(word):
    return "*" + word + "*"
