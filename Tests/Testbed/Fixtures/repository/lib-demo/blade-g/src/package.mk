LIBRARY = blade-g
SONAME = 1
