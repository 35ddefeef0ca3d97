PROGRAM = hello
