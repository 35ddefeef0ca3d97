/* How many packages one meets on all ways down from here, and a bonus that version 1 did not know. */
int alpha_value_and(int bonus);
#define alpha_value() alpha_value_and(10)
