#include <tempo.h>
#include "score.h"

int score_value(void)
{
    return 1 + tempo_value();
}
