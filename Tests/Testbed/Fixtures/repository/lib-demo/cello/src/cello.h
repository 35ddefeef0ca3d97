/* How many packages one meets on all ways down from here. */
int cello_value(void);
