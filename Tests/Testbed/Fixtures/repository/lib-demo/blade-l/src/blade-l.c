#include "blade-l.h"

int blade_l_value(void)
{
    return 1;
}
