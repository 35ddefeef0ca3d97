LIBRARY = blade-e
SONAME = 1
