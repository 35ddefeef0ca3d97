/* How many packages one meets on all ways down from here. */
int chain_c_value(void);
