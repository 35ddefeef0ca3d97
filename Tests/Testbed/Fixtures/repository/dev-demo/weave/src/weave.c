#include <stdio.h>

int main(int argc, char **argv)
{
    printf("static const char *const pattern = \"%s\";\n", argc > 1 ? argv[1] : "plain");
    return 0;
}
