LIBRARY = blade-j
SONAME = 1
