/* How many packages one meets on all ways down from here. */
int score_value(void);
