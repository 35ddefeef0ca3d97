LIBRARY = chain-a
SONAME = 1
