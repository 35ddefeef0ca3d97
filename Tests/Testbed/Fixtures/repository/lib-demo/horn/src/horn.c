#include <score.h>
#include <tempo.h>
#include "horn.h"

int horn_value(void)
{
    return 1 + score_value() + tempo_value();
}
