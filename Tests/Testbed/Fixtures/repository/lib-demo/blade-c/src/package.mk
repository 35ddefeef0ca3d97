LIBRARY = blade-c
SONAME = 1
