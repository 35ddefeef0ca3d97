#include <stdio.h>

int main(void)
{
    puts("treadle 1.0");
    return 0;
}
