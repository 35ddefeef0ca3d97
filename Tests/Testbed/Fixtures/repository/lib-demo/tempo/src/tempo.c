#include "tempo.h"

int tempo_value(void)
{
    return 1;
}
