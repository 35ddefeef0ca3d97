#include <score.h>
#include <tempo.h>
#include "conductor.h"

int conductor_value(void)
{
    return 1 + score_value() + tempo_value();
}
