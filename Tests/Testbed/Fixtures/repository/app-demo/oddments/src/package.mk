PROGRAM = oddments
