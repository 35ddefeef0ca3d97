LIBRARY = blade-b
SONAME = 1
