#include <stdio.h>

int main(void)
{
    puts("shuttle 1.9.0");
    return 0;
}
