LIBRARY = cello
SONAME = 1
LIBS = -lscore
