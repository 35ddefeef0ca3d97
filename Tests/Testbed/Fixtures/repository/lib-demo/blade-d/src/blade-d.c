#include "blade-d.h"

int blade_d_value(void)
{
    return 1;
}
