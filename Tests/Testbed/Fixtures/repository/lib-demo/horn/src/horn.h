/* How many packages one meets on all ways down from here. */
int horn_value(void);
