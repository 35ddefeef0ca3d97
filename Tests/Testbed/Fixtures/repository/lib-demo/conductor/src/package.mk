LIBRARY = conductor
SONAME = 1
LIBS = -lscore -ltempo
