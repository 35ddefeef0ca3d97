LIBRARY = blade-i
SONAME = 1
