LIBRARY = beta
SONAME = 1
LIBS = -lalpha
