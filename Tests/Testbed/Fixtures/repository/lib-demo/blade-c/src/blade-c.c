#include "blade-c.h"

int blade_c_value(void)
{
    return 1;
}
