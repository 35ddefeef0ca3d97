/* How many packages one meets on all ways down from here. */
int moon_value(void);
