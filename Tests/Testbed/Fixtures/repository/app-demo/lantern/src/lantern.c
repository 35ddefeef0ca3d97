#include <stdio.h>
#ifdef LIGHT
#include <alpha.h>
#endif
#ifdef SOUND
#include <beta.h>
#endif

int main(void)
{
    int value = 0;
#ifdef LIGHT
    value += alpha_value();
#endif
#ifdef SOUND
    value += beta_value();
#endif
    printf("lantern: %d\n", value);
    return 0;
}
