/* How many packages one meets on all ways down from here. */
int sun_value(void);
