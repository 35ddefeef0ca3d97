#include "blade-f.h"

int blade_f_value(void)
{
    return 1;
}
