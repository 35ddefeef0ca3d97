#include <tempo.h>
#include "drum.h"

int drum_value(void)
{
    return 1 + tempo_value();
}
