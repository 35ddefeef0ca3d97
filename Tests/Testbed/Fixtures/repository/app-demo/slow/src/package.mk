PROGRAM = slow
OBJECTS = work.o
FUNCTIONS ?= 1400

work.c: generate
	./generate $(FUNCTIONS) > $@

generate: generate.c
	$(CC) -O1 -o $@ $<
