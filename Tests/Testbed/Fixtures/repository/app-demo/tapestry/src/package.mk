PROGRAM = tapestry
