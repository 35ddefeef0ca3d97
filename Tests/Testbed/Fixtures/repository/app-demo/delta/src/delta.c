#include <beta.h>
#include <gamma.h>
#include <stdio.h>

int main(void)
{
    printf("delta: %d packages on all ways down\n", beta_value() + gamma_value());
    return 0;
}
