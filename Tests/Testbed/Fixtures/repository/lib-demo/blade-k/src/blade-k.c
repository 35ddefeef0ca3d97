#include "blade-k.h"

int blade_k_value(void)
{
    return 1;
}
