#include "blade-b.h"

int blade_b_value(void)
{
    return 1;
}
