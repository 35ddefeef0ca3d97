#include <stdio.h>

int main(void)
{
    puts("shuttle 1.11.0-rc1");
    return 0;
}
