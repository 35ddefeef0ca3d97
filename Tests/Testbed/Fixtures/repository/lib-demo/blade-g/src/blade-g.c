#include "blade-g.h"

int blade_g_value(void)
{
    return 1;
}
