#include <chain-d.h>
#include <stdio.h>

int main(void)
{
    printf("chain: %d packages on all ways down\n", chain_d_value());
    return 0;
}
