LIBRARY = moon
SONAME = 1
LIBS = -lsun
