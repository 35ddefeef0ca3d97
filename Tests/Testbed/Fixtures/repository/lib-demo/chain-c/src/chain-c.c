#include <chain-b.h>
#include "chain-c.h"

int chain_c_value(void)
{
    return 1 + chain_b_value();
}
