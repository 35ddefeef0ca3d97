/* How many packages one meets on all ways down from here. */
int conductor_value(void);
