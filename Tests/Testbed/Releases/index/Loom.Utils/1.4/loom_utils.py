"""Paints words."""

import tint


def paint(word):
    return tint.colour(word)
