#include "blade-j.h"

int blade_j_value(void)
{
    return 1;
}
