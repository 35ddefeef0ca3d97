#include <blade-a.h>
#include <blade-b.h>
#include <blade-c.h>
#include <blade-d.h>
#include <blade-e.h>
#include <blade-f.h>
#include <blade-g.h>
#include <blade-h.h>
#include <blade-i.h>
#include <blade-j.h>
#include <blade-k.h>
#include <blade-l.h>
#include <stdio.h>

int main(void)
{
    int blades = blade_a_value() + blade_b_value() + blade_c_value() + blade_d_value()
        + blade_e_value() + blade_f_value() + blade_g_value() + blade_h_value()
        + blade_i_value() + blade_j_value() + blade_k_value() + blade_l_value();

    printf("fan: %d packages on all ways down\n", blades);
    return 0;
}
