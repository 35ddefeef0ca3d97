#include "alpha.h"

int alpha_value(void)
{
    return 0;
}
