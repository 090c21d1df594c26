/* The two tables: every command, every option. */
#include "tools/commands.h"

#include "tools/command.h"

const char global_pattern[] = "[--home DIR] [--socket PATH] [--json[=N]] [--plain] [-q|--quiet] [-v|--verbose] "
	"[--no-input] [--color=WHEN] [--no-color] [--timeout D] [--utc] [-h|--help] [-V|--version]";

const struct option options[] = {
	{ 0, "home", "DIR", false, "everything of this authority lies below DIR; also COMITY_HOME" },
	{ 0, "socket", "PATH", false, "talk to the daemon at this socket" },
	{ 0, "json", "N", true, "answer in JSON, of version N of the schema (1)" },
	{ 0, "plain", NULL, false, "one record a line, columns separated by tabs, no header" },
	{ 'q', "quiet", NULL, false, "say nothing but errors and what was asked for" },
	{ 'v', "verbose", NULL, false, "say more" },
	{ 0, "no-input", NULL, false, "never ask; fail and name the option instead" },
	{ 0, "color", "WHEN", false, "auto, always or never" },
	{ 0, "no-color", NULL, false, "the same as --color=never" },
	{ 0, "timeout", "D", false, "give up after this time: 30s, 5min" },
	{ 0, "utc", NULL, false, "show times in UTC" },
	{ 'h', "help", NULL, false, "explain the command" },
	{ 'V', "version", NULL, false, "tell the version" },

	{ 0, "authority", "AUTHORITY", false, "our authority's id, such as XF-CA; in a transfer: the name of who executes" },
	{ 0, "name", "NAME", false, "the authority's name, as others see it" },
	{ 0, "endpoint", "HOST:PORT", false, "where others reach us; none: we only dial out" },
	{ 0, "listen", "ADDR:PORT", false, "where the daemon listens; [::]:PORT of the endpoint unless told" },

	{ 'o', "output", "FILE", false, "write here" },
	{ 0, "digits-file", "FILE", false, "the 40 digits that were heard" },
	{ 0, "spoke-with", "NAME", false, "with whom the telephone check was done" },
	{ 0, "dialled", "NUMBER", false, "the number that was dialled, and where it is from" },
	{ 0, "second", "NAME", false, "a second officer who was present" },
	{ 'c', "count", "N", false, "how many echoes" },
	{ 0, "confirm", "PEER", false, "the name again, because this cannot be undone" },

	{ 0, "to", "PEER", false, "the authority it is for" },
	{ 0, "kind", "KIND", false, "the kind of request (mla, extradition, ...) or of act (additional-info, ...)" },
	{ 0, "from", "FILE", false, "read the document from this YAML or JSON file; - is stdin" },
	{ 0, "officer", "NAME", false, "who acts, as shown to the other side" },
	{ 0, "wait", "STATE", false, "wait until it is delivered or complete" },
	{ 0, "peer", "PEER", false, "only of this authority" },
	{ 0, "direction", "in|out", false, "only requests to us, or from us" },
	{ 0, "open", NULL, false, "only what is not over" },
	{ 0, "state", "S,S", false, "only in these states" },
	{ 0, "full", NULL, false, "with the whole document" },
	{ 0, "follow", NULL, false, "go on, as things happen" },
	{ 0, "no-follow", NULL, false, "print what there is and end" },
	{ 0, "since", "N", false, "events after this number" },
	{ 0, "ref", "REF", false, "only of this request" },

	{ 0, "note", "TEXT", false, "a remark for the other side" },
	{ 0, "reason", "TEXT", false, "why, in words" },
	{ 0, "ground", "GROUND", false, "of refusal, postponement, non-execution or redirection: a name of the list" },
	{ 0, "until", "DATE", false, "review of a postponement, end of a notice period, answer wanted by" },
	{ 0, "measure", "ID=STATUS[:NOTE]", false, "what became of one measure: M1=EXECUTED:account frozen" },
	{ 0, "authority-type", "TYPE", false, "court, prosecutor, police, ..." },
	{ 0, "authority-reference", "REFERENCE", false, "the file number of who executes" },
	{ 0, "reference", "REFERENCE", false, "our register number for their request" },
	{ 0, "question", "TEXT", false, "one question" },
	{ 0, "outcome", "OUTCOME", false, "fully-executed, partly-executed, refused, ..." },
	{ 0, "on", "DATE", false, "when it happened in law, if not now" },
	{ 0, "record", "TEXT", false, "the record of execution: date, place, persons; or the id of its attachment" },
	{ 0, "confidentiality", "ANSWER", false, "can it be kept: yes (unless told), partly, no" },
	{ 0, "phone", "NUMBER", false, "where the officer is reached" },
	{ 0, "email", "ADDRESS", false, "where the officer is reached" },
	{ 0, "received-at", "TIME", false, "when the request was received in law" },

	{ 0, "text", "FILE", false, "the words, from this file; - is stdin" },
	{ 0, "subject", "TEXT", false, "what it is about" },
	{ 0, "answer", "N=TEXT", false, "the answer to question N; the text answers those that are not named" },
	{ 0, "attach", "FILE[,role=ROLE]", false, "send this file along; also title=, language=, translation-of=, form=" },
	{ 0, "in-reply-to", "MESSAGE", false, "the message this answers" },
	{ 0, "needs-answer-by", "DATE", false, "when an answer is wanted" },
	{ 0, "role", "ROLE", false, "what the file is: request-letter, translation, evidence, ..." },
	{ 0, "title", "TEXT", false, "its title" },
	{ 0, "language", "TAG", false, "its language: en, fr, ..." },
	{ 0, "translation-of", "ID", false, "the attachment it translates: A1" },
	{ 0, "form", "FORM", false, "original-electronic, certified-copy, plain-copy, scan-of-paper-original" },
	{ 0, "final", NULL, false, "every measure is dealt with: the request is executed" },
	{ 0, "partial", NULL, false, "more will follow" },
	{ 0, "keys", NULL, false, "put our private keys inside too: guard it as you guard them" },
	{ 0, "dry-run", NULL, false, "only say what would be done" },
	{ 0, "deep", NULL, false, "read everything, verify every signature" },
	{ 0, "trust", "CARD", false, "the identity in this card is the one that was checked by telephone" },
	{ 0 }
};

#define STATUS_OPTIONS "[--note TEXT] [--reason TEXT] [--ground GROUND]... [--until DATE] [--measure ID=STATUS]... " \
	"[--authority NAME] [--authority-type TYPE] [--authority-reference R] [--reference R] [--question TEXT]... " \
	"[--outcome OUTCOME] [--on DATE] [--record TEXT] [--officer NAME]"

const struct command commands[] = {
	{ "init --authority XF-CA --name NAME [--endpoint HOST:PORT]... [--listen ADDR:PORT]...", cmd_init,
	  "Set this authority up: keys, certificates, store and configuration", "operator" },
	{ "status", cmd_status, "Show how the daemon, its lines and its store are", "operator" },
	{ "id show", cmd_id_show, "Show our identity, to be read to others on the telephone", "operator" },
	{ "card export [-o|--output FILE]", cmd_card_export, "Write our card, the file to give to other authorities", "operator" },
	{ "card show FILE", cmd_card_show, "Check a card and show what it says", "operator" },

	{ "peer add FILE", cmd_peer_add, "Add an authority by its card, or take its newer card; - is stdin", "operator" },
	{ "peer verify PEER [--digits-file FILE] [--spoke-with NAME] [--dialled NUMBER] [--second NAME]", cmd_peer_verify,
	  "Do the telephone check; without it nothing is exchanged", "operator" },
	{ "peer list", cmd_peer_list, "List the authorities we know and the lines to them", "operator" },
	{ "peer show PEER", cmd_peer_show, "Show all about one authority", "operator" },
	{ "peer ping PEER [-c|--count N]", cmd_peer_ping, "Try the way to an authority, step by step", "operator" },
	{ "peer reconcile PEER", cmd_peer_reconcile, "Ask an authority whether both sides hold the same", "operator" },
	{ "peer block PEER --reason TEXT", cmd_peer_block, "Stop all traffic with an authority", "operator" },
	{ "peer unblock PEER", cmd_peer_unblock, "Let traffic flow again", "operator" },
	{ "peer remove PEER --confirm=PEER", cmd_peer_remove, "Forget an authority; what was exchanged is kept", "operator" },

	{ "queue list [--peer PEER]", cmd_queue_list, "List what waits, and why", "operator" },
	{ "queue show MSG", cmd_queue_show, "Show all about one thing that waits", "operator" },
	{ "queue shape", cmd_queue_shape, "Count what waits, by peer and age", "operator" },
	{ "queue flush [PEER]", cmd_queue_flush, "Try now, without waiting for the next attempt", "operator" },
	{ "queue hold PEER|MSG [--reason TEXT]", cmd_queue_hold, "Send nothing new to a peer, or keep a message back", "operator" },
	{ "queue release PEER|MSG", cmd_queue_release, "Let it go again", "operator" },
	{ "queue retry MSG", cmd_queue_retry, "Try now to get this one through", "operator" },
	{ "queue drop MSG --confirm=MSG [--reason TEXT]", cmd_queue_drop,
	  "Take a message back that was not signed yet; the record keeps that it was there", "operator" },

	{ "daemon hold [--reason TEXT]", cmd_daemon_hold, "Send nothing new to anybody; receiving goes on", "operator" },
	{ "daemon release", cmd_daemon_release, "End a hold, also that after a restore, and a draining", "operator" },
	{ "daemon drain", cmd_daemon_drain, "Take no submissions, and wait until what can leave has its receipt", "operator" },

	{ "request new --to PEER [--kind KIND] [--from FILE]", cmd_request_new, "Draft a request", "officer" },
	{ "request edit REF [--from FILE]", cmd_request_edit, "Change a draft, in your editor or from a file", "officer" },
	{ "request validate REF|FILE [--to PEER]", cmd_request_validate, "Say all that keeps a request from being sent", "officer" },
	{ "request send REF [--officer NAME] [--wait=STATE]", cmd_request_send, "Send a draft", "officer" },
	{ "request list [--peer PEER] [--direction in|out] [--open] [--state S,S]", cmd_request_list, "List requests", "officer" },
	{ "request show REF [--full]", cmd_request_show, "Show one request", "officer" },
	{ "request track REF [--follow]", cmd_request_track, "Show all that happened to a request, on both axes", "officer" },
	{ "request set-status REF STATUS " STATUS_OPTIONS, cmd_request_set_status,
	  "Tell the other side that the request stands elsewhere now", "officer" },
	{ "request withdraw REF --reason TEXT [--measure ID]... [--note TEXT] [--officer NAME]", cmd_request_withdraw,
	  "Say that assistance is no longer required, wholly or for a measure", "officer" },
	{ "request abandon REF", cmd_request_abandon, "Drop a draft", "officer" },
	{ "request template [--kind KIND]", cmd_request_template, "Print an empty form with what each field is for", "officer" },

	{ "request hold REF --reason TEXT", cmd_request_hold, "Put a case under a legal hold: nothing of it is destroyed", "officer" },
	{ "request release-hold REF", cmd_request_release_hold, "End the legal hold of a case", "officer" },

	{ "inbox list", cmd_inbox_list, "List the requests to us that are not over", "officer" },
	{ "inbox show REF", cmd_request_show, "Show a request to us", "officer" },

	{ "acknowledge REF --reference OUR-REF --officer NAME [--phone NUMBER] [--email ADDRESS] [--note TEXT] "
	  "[--received-at TIME] [--confidentiality ANSWER] [--from FILE]", cmd_acknowledge,
	  "Confirm a request: it is registered, and this officer handles it", "officer" },
	{ "message send REF [--kind KIND] [--text FILE] [--from FILE] [--subject TEXT] [--question TEXT]... [--answer N=TEXT]... "
	  "[--attach FILE]... [--in-reply-to MESSAGE] [--needs-answer-by DATE] [--note TEXT] [--reason TEXT] [--ground GROUND]... "
	  "[--officer NAME] [--wait=STATE]", cmd_message_send, "Write to the other side in a case", "officer" },
	{ "message list REF", cmd_message_list, "List what was said in a case", "officer" },
	{ "message show MESSAGE [--ref REF]", cmd_message_show, "Show one message; with --ref its number suffices", "officer" },
	{ "attach add REF FILE... [--role ROLE] [--title TEXT] [--language TAG] [--translation-of ID] [--form FORM]",
	  cmd_attach_add, "Put files into a case; they go with the next message", "officer" },
	{ "attach list REF", cmd_attach_list, "List the attachments of a case", "officer" },
	{ "attach get REF ATTACHMENT [-o|--output FILE]", cmd_attach_get, "Save an attachment, checked; FILE may be a directory",
	  "officer" },
	{ "result send REF [--measure ID=STATUS]... [--attach FILE]... [--text FILE] [--record TEXT] [--note TEXT] [--final] "
	  "[--partial] [--officer NAME] [--wait=STATE]", cmd_result_send, "Deliver what the execution gave", "officer" },

	{ "evidence export REF -o|--output FILE", cmd_evidence_export, "Write a case with all its signatures to one file", "auditor" },
	{ "evidence verify FILE [--trust CARD]...", cmd_evidence_verify, "Check such a file: what it proves, what it does not",
	  "auditor" },
	{ "watch [--since N] [--ref REF] [--no-follow]", cmd_watch, "Print events as they happen", "integrator" },

	{ "backup create -o|--output DIR [--keys]", cmd_backup_create,
	  "Make a backup in this directory, while the daemon works; attachments that are in an earlier one there are shared", "operator" },
	{ "backup verify PATH [--deep]", cmd_backup_verify, "Say what a backup is worth; --deep reads all of it", "operator" },
	{ "backup list [DIR]", cmd_backup_list, "List the backups in this directory, or where the last was made", "operator" },
	{ "backup restore PATH --confirm=AUTHORITY", cmd_backup_restore,
	  "Put a backup in place, with the daemon stopped; what was there is moved aside", "operator" },
	{ "store stat", cmd_store_stat, "Show how large the store is, what is in it, and how much room is left", "operator" },
	{ "store check [--deep]", cmd_store_check, "Look through the store and its attachments for what is wrong", "operator" },
	{ "store compact", cmd_store_compact, "Give back the room of what was deleted; writing waits meanwhile", "operator" },
	{ "store grow SIZE", cmd_store_grow, "Let the store grow further, to 32G for example, until the daemon ends", "operator" },
	{ "store purge [--dry-run]", cmd_store_purge, "Destroy now what the retention policy says; receipts and what was seen stay", "operator" },

	{ "explain SLUG", cmd_explain, "Explain an error by its slug or exit status", "everybody" },
	{ "version", cmd_version, "Tell the version", "everybody" },
	{ "help [NOUN] [VERB]", cmd_help, "Explain a command", "everybody" },
	{ "completion SHELL", cmd_completion, "Print the completion script for bash, zsh or fish", "everybody" },
	{ 0 }
};
