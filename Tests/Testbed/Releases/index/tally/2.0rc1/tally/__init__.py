"""Counts things."""

import abacus_core
import loom_utils

VERSION = "2.0rc1"


def main():
    print("tally", VERSION, abacus_core.add(20, 22), loom_utils.paint("done"))
