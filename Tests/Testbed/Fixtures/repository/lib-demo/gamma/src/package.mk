LIBRARY = gamma
SONAME = 1
LIBS = -lalpha
