LIBRARY = drum
SONAME = 1
LIBS = -ltempo
