PROGRAM = broken
