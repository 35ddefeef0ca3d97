LIBRARY = violin
SONAME = 1
LIBS = -lscore
