PROGRAM = weave
