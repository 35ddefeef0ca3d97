LIBRARY = chain-d
SONAME = 1
LIBS = -lchain-c
