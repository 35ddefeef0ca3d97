LIBRARY = score
SONAME = 1
LIBS = -ltempo
