#pragma once
/* What may stand where somebody pressed the key for it. */

/* The words after `comity`, the last the one in question, perhaps empty.  Prints the candidates, one a line, and ":files"
 * where files are wanted; silent about faults.  The exit status. */
int complete(int count, char **words);
