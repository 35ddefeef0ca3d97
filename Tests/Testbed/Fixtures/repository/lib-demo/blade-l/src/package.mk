LIBRARY = blade-l
SONAME = 1
