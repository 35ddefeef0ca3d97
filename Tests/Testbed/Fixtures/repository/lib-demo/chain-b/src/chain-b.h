/* How many packages one meets on all ways down from here. */
int chain_b_value(void);
