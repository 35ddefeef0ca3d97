/* How many packages one meets on all ways down from here. */
int drum_value(void);
