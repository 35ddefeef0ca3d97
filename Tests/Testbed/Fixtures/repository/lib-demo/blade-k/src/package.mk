LIBRARY = blade-k
SONAME = 1
