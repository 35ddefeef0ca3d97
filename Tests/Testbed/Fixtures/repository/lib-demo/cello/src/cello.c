#include <score.h>
#include "cello.h"

int cello_value(void)
{
    return 1 + score_value();
}
