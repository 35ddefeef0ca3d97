/* How many packages one meets on all ways down from here. */
int tempo_value(void);
