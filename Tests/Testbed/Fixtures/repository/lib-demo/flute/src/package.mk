LIBRARY = flute
SONAME = 1
LIBS = -lscore
