#include <stdio.h>

int main(void)
{
    puts("party");
    return 0;
}
