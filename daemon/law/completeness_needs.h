#pragma once
/* What requests must say, should say and may say, by kind, nature and form of assistance: one table, from which requests are
 * judged (daemon/law/completeness.h) and forms are written (tools/form.h), so that whatever a form asks for is what the judge
 * looks for.  Pure. */
#include <stdbool.h>

#include "proto/casework.pb-c.h"
#include "proto/fault.h"

enum need_level {
	NEED_OFFERED,			/* stands in the form; nobody misses it */
	NEED_WISHED,			/* its absence is a warning */
	NEED_MUST,			/* its absence is an error */
};

enum { NEED_PAPERS_MAX = 2 };

/* A field is named by its path: of the request with "request." before it, else of the measure.  Several are alternatives. */
struct need {
	int32_t code;			/* a kind, nature or form; 0: every one */
	enum need_level level;
	const char *fields;		/* "custodian|identifiers": one of them; NULL: a paper */
	Comity__AttachmentRole__Value papers[NEED_PAPERS_MAX];	/* an attachment of one of these roles will do too; 0: none */
	const char *article;		/* NULL: practice */
	const char *message;		/* what is to be done, for judge and form */
};

struct needs {
	const struct need *at;
	size_t n;
};
extern const struct needs needs_of_all, needs_of_kinds, needs_of_natures;	/* of requests */
extern const struct needs needs_of_forms;					/* of measures */

/* Does it hold for this request, or measure of it (else NULL)?  Its code fits, and nothing exempts from it. */
bool need_applies(const struct needs *needs, const struct need *need, const Comity__Request *request,
	const Comity__Measure *measure);

/* Is there anything at the path, wherever it passes a list in any of the list's values?  Blanks, zeros, `false` and
 * messages without any content are nothing. */
bool need_is_met_by(const ProtobufCMessage *message, const char *path, size_t len);

/* The forms a request of this kind is for, most usual first, 0 ends; NULL: any. */
const Comity__AssistanceForm__Value *forms_of_kind(Comity__RequestKind__Value kind);
/* Its letter of 18(3); UNSPECIFIED where it has none. */
Comity__UntocLetter__Value letter_of_form(Comity__AssistanceForm__Value form);
/* How a request of this nature relates to the one before it; UNSPECIFIED: not at all, or any way. */
Comity__RelationType__Value relation_of_nature(Comity__RequestNature__Value nature);
