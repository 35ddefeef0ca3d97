PROGRAM = orchestra
LIBS = -ltempo -lscore -lviolin -lcello -lflute -lhorn -ldrum -lconductor
