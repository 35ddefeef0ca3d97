/* How many packages one meets on all ways down from here. */
int violin_value(void);
