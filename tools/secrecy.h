#pragma once
/* What is confidential about a case, 18(20), for people. */
#include "tools/tool.h"

/* What a request is about, as far as a list may say it. */
const char *topic_of(struct tool *tool, const Comity__RequestView *view);
/* Lines of `request show`: what was asked for, what was answered, whether it may go on. */
void print_secrecy(struct tool *tool, const Comity__RequestView *view);
/* The officer's answer for an acknowledgement: --confidentiality and --disclosure.  Faults: usage, where the request asks and
 * nothing is answered. */
enum fault set_secrecy(struct tool *tool, const Comity__RequestView *view, Comity__Acknowledgement *acknowledgement) MUST_CHECK;
