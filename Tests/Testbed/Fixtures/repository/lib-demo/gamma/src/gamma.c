#include <alpha.h>
#include "gamma.h"

int gamma_value(void)
{
    return 1 + alpha_value();
}
