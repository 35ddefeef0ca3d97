#include "sun.h"

int sun_value(void)
{
    return 1;
}
