#pragma once
/* Conditions of use, for people: wherever something of a case leaves this system they are shown (UNTOC 18(5), 18(19), 18(26)). */
#include "tools/tool.h"

/* "NO_ONWARD_TRANSFER: to no third State (ACCEPTED)".  Lives as long as the tool. */
const char *condition_words(struct tool *tool, const Comity__Condition *condition);
/* The same with whose it is and which message said so. */
const char *case_condition_words(struct tool *tool, const Comity__CaseCondition *one);
/* For a column: the codes alone. */
const char *conditions_marks(struct tool *tool, Comity__CaseCondition *const *list, size_t count);
/* Lines of `request show`: of the case, 18(19) first. */
void print_conditions(struct tool *tool, const Comity__Case *request);
