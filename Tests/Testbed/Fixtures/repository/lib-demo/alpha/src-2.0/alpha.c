#include "alpha.h"

int alpha_value_and(int bonus)
{
    return 1 + bonus;
}
