#include <stdio.h>
#include "pattern.h"

int main(void)
{
    puts(pattern);
    return 0;
}
