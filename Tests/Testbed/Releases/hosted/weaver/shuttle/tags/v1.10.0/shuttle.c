#include <stdio.h>

int main(void)
{
    puts("shuttle 1.10.0");
    return 0;
}
