PROGRAM = hallo
