LIBRARY = blade-a
SONAME = 1
