#include <stdio.h>

int main(void)
{
    puts("heddle 1.0");
    return 0;
}
