#include <score.h>
#include "violin.h"

int violin_value(void)
{
    return 1 + score_value();
}
