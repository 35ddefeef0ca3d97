#include "blade-a.h"

int blade_a_value(void)
{
    return 1;
}
