LIBRARY = horn
SONAME = 1
LIBS = -lscore -ltempo
