/* How many packages one meets on all ways down from here. */
int alpha_value(void);
