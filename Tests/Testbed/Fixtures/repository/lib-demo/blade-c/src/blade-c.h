/* How many packages one meets on all ways down from here. */
int blade_c_value(void);
