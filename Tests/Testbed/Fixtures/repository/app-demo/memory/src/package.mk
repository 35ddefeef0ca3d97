PROGRAM = memory
