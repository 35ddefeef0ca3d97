#include <chain-c.h>
#include "chain-d.h"

int chain_d_value(void)
{
    return 1 + chain_c_value();
}
