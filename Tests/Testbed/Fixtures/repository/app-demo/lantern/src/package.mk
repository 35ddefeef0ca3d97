PROGRAM = lantern
