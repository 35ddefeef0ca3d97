/* How many packages one meets on all ways down from here. */
int blade_k_value(void);
