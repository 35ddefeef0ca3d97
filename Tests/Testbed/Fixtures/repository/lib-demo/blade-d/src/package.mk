LIBRARY = blade-d
SONAME = 1
