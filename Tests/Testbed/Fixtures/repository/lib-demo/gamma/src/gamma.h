/* How many packages one meets on all ways down from here. */
int gamma_value(void);
