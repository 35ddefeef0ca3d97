"""Lines that rhyme."""


def main():
    print("a warp of thread, a weft of red")
