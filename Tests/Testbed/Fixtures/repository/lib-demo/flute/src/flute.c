#include <score.h>
#include "flute.h"

int flute_value(void)
{
    return 1 + score_value();
}
