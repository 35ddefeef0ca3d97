#include "chain-a.h"

int chain_a_value(void)
{
    return 1;
}
