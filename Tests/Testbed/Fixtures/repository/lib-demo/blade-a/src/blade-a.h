/* How many packages one meets on all ways down from here. */
int blade_a_value(void);
