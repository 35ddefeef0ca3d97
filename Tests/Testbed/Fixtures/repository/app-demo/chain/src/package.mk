PROGRAM = chain
LIBS = -lchain-d
