/* Writes a C file with as many functions as the argument says, each with loops that an optimiser works on; after as many
   seconds as SLOW_SECONDS says, for who wants a build that lasts and leaves the processor to others. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 100;
    const char *seconds = getenv("SLOW_SECONDS");

    if (seconds)
        sleep(atoi(seconds));
    for (int i = 0; i < count; i++)
        printf("static unsigned f%d(unsigned x)\n{\n"
               "    unsigned a[16], s = x;\n"
               "    for (int i = 0; i < 16; i++)\n        a[i] = x * (i + %d);\n"
               "    for (int i = 0; i < 16; i++)\n        for (int j = 0; j < 8; j++)\n"
               "            s += a[i] ^ (a[(i + j) %% 16] >> (j %% %d));\n"
               "    switch (s %% 5) {\n    case 0: return s + %d;\n    case 1: return s ^ a[3];\n"
               "    case 2: return s * a[5];\n    case 3: return s - x;\n    default: return s;\n    }\n}\n\n",
               i, i + 1, i % 7 + 2, i);
    printf("unsigned work(unsigned seed)\n{\n");
    for (int i = 0; i < count; i++)
        printf("    seed = f%d(seed);\n", i);
    printf("    return seed;\n}\n");
    return 0;
}
