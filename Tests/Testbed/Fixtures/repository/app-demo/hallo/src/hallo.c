#include <stdio.h>

int main(void)
{
    puts("hallo");
    return 0;
}
