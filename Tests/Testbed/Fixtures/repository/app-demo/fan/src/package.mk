PROGRAM = fan
LIBS = -lblade-a -lblade-b -lblade-c -lblade-d -lblade-e -lblade-f -lblade-g -lblade-h -lblade-i -lblade-j -lblade-k -lblade-l
