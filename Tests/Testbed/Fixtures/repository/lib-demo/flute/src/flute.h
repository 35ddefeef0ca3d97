/* How many packages one meets on all ways down from here. */
int flute_value(void);
