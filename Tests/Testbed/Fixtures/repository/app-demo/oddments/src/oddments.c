#include <stdio.h>

int main(void)
{
    puts("oddments");
    return 0;
}
