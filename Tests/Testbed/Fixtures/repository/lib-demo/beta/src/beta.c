#include <alpha.h>
#include "beta.h"

int beta_value(void)
{
#ifdef LOUD
    return 100 + alpha_value();
#else
    return 1 + alpha_value();
#endif
}
