#include "blade-i.h"

int blade_i_value(void)
{
    return 1;
}
