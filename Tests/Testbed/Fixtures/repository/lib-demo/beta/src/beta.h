/* How many packages one meets on all ways down from here. */
int beta_value(void);
