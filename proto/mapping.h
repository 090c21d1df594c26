#pragma once
/* From a document to a message, by the schema.  Types are strict: what is there must be what the field
 * wants, and a key that the schema does not know is a fault with a suggestion, never a silent loss.
 *
 *	string	any text; a bare YAML scalar is the text as written (0412 stays 0412)
 *	bool	bare true or false
 *	number	in its range; 64-bit ones as numbers or texts
 *	enum	by name (case does not count, nor '-' for '_') or number
 *	bytes	base64, standard or URL-safe, padded or not
 *
 * A null is as if the key were not there.  Every text is held to check.h at once, so that its fault can
 * name the line.
 */
#include "proto/document.h"

enum { MAPPING_FAULTS_MAX = 20 };

/* All that is wrong, in the order of the document.  Zero-initialised is empty. */
struct mapping_faults {
	size_t count;			/* kept here ... */
	size_t more;			/* ... and found beyond MAPPING_FAULTS_MAX */
	struct mapping_fault {
		enum fault fault;
		struct bytes sentence;	/* `request.yaml:12:3: unknown key "measurs" in request; did you mean "measures"?` */
	} list[MAPPING_FAULTS_MAX];
};
void mapping_faults_clear(struct mapping_faults *faults);

/* Make a message of this type in the arena (it dies with it).  The fault returned is the first that was
 * found, with its sentence; faults (may be NULL) gets all of them.  Faults: unknown key, wrong type,
 * bad document, bad text, incomplete (a required field is missing), too large, no memory. */
enum fault mapping_read(const struct document *document, const ProtobufCMessageDescriptor *type,
	struct arena *arena, ProtobufCMessage **message, struct mapping_faults *faults) MUST_CHECK;
