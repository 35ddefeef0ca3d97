"""Counts things."""

import abacus_core
import loom_utils

VERSION = "1.0"


def main():
    print("tally", VERSION, abacus_core.add(20, 22), loom_utils.paint("done"))
