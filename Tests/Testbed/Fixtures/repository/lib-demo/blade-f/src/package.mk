LIBRARY = blade-f
SONAME = 1
