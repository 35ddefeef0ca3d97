LIBRARY = chain-c
SONAME = 1
LIBS = -lchain-b
