PROGRAM = delta
LIBS = -lbeta -lgamma
