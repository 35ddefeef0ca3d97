LIBRARY = blade-h
SONAME = 1
