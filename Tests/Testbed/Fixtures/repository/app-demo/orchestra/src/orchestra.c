#include <tempo.h>
#include <score.h>
#include <violin.h>
#include <cello.h>
#include <flute.h>
#include <horn.h>
#include <drum.h>
#include <conductor.h>
#include <stdio.h>

int main(void)
{
    int players = tempo_value() + score_value() + violin_value() + cello_value()
        + flute_value() + horn_value() + drum_value() + conductor_value();

    printf("orchestra: %d packages on all ways down\n", players);
    return 0;
}
