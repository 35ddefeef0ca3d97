#include "blade-e.h"

int blade_e_value(void)
{
    return 1;
}
