#include <stdio.h>

int main(void)
{
    puts("pirn 1.0");
    return 0;
}
