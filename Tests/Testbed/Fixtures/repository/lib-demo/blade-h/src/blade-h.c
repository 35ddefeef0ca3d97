#include "blade-h.h"

int blade_h_value(void)
{
    return 1;
}
