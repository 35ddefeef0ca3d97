PROGRAM = party
