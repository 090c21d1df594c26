#pragma once
/* Acts of casework, built from what was typed, by the schema. */
#include "tools/tool.h"

/* Put the value of an option where a message of this type has a place for it: each option knows the
 * fields it may stand for (`--until` is a decision's review_on, a question's answer_by_on, ...).
 * Repeated options fill repeated fields.  Nothing given is fine.
 * Faults: usage, when the message has no such place or the value is none for it. */
enum fault fill_given(struct tool *tool, ProtobufCMessage *message, const char *option) MUST_CHECK;
enum fault fill(struct tool *tool, ProtobufCMessage *message, const char *option, const char *text) MUST_CHECK;
bool has_place(const ProtobufCMessage *message, const char *option);
/* All the options that say something about an act, given on this line. */
enum fault fill_all(struct tool *tool, ProtobufCMessage *act) MUST_CHECK;

/* An act of that kind ("status-update"), empty, and the message in it.  It lives as long as the tool.
 * Faults: usage, with a suggestion. */
enum fault act_new(struct tool *tool, const char *kind, Comity__Act **act, ProtobufCMessage **body) MUST_CHECK;
/* The name of an act's kind, "status-update". */
const char *act_name(struct tool *tool, const Comity__Act *act);

/* One --measure M1=STATUS[:NOTE] after the other, as the act's reports. */
enum fault fill_measures(struct tool *tool, ProtobufCMessage *act) MUST_CHECK;

/* The case as it stands; lives as long as the tool. */
enum fault get_request(struct tool *tool, const char *ref, const Comity__RequestView **view) MUST_CHECK;

/* Send a message in a case, with the files of --attach, wait if --wait says so, and tell. */
enum fault submit(struct tool *tool, const char *ref, Comity__Message *message) MUST_CHECK;
/* The same to a peer, in no case. */
enum fault submit_loose(struct tool *tool, char *peer, Comity__Message *message) MUST_CHECK;
/* Upload the files of --attach and list them in the message. */
enum fault attach_given(struct tool *tool, const char *ref, Comity__Message *message) MUST_CHECK;
/* Is --wait a word we know?  To be asked before anything is handed in. */
enum fault check_wait(const struct tool *tool) MUST_CHECK;
/* What the daemon said of a message or request that was handed in; with --wait, wait for it. */
enum fault tell_submitted(struct tool *tool, const Comity__Submitted *submitted, const char *what) MUST_CHECK;
