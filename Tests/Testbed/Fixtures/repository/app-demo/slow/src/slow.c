#include <stdio.h>

unsigned work(unsigned seed);

int main(void)
{
    printf("slow: %u\n", work(1));
    return 0;
}
