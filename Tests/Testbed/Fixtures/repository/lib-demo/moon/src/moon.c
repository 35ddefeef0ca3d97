#include <sun.h>
#include "moon.h"

int moon_value(void)
{
    return 1 + sun_value();
}
