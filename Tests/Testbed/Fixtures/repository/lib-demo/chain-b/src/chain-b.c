#include <chain-a.h>
#include "chain-b.h"

int chain_b_value(void)
{
    return 1 + chain_a_value();
}
