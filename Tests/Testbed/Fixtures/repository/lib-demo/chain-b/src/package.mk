LIBRARY = chain-b
SONAME = 1
LIBS = -lchain-a
