#pragma once
/* Shared by the parts of completeness: the document as a whole, its measures, its papers. */
#include "daemon/law/completeness.h"

enum { ITEMS_MAX = 500 };		/* measures, persons, attachments of one request */

struct check {
	const Comity__Request *request;
	const Comity__Attachment *const *attachments;	/* NULL: the request's descriptions stand for them */
	size_t n_attachments;
	const Comity__Profile *addressee;
	struct problems *problems;
};

/* Where in the document. */
struct place {
	char text[160];
};
struct place place_of(const char *format, ...) PRINTF_LIKE(1, 2);

#define ERROR(check, code, article, path, ...) \
	problems_add((check)->problems, SEVERITY_ERROR, code, article, path, __VA_ARGS__)
#define WARN(check, code, article, path, ...) \
	problems_add((check)->problems, SEVERITY_WARN, code, article, path, __VA_ARGS__)

/* Is there a text with anything but blanks? */
bool has_text(const char *text);
bool same_text(const char *a, const char *b);	/* both there and equal */
bool is_urgent(const Comity__Request *request);
bool has_measure(const Comity__Request *request, const char *id);
/* A date, or a date-time with offset: what fields called by, from, to and until hold. */
bool is_moment(const char *text);
/* Of two moments.  A date is its whole day, so that it is compared with a time by its date. */
bool is_after(const char *a, const char *b);

/* An attachment, or the description of one. */
struct paper {
	const char *list;				/* "attachments", or the request's */
	size_t index;
	const char *id, *language, *translation_of, *sha256, *name;
	Comity__AttachmentRole__Value role;
	uint64_t size;					/* 0: not known */
};
size_t paper_count(const struct check *check);
struct paper paper_at(const struct check *check, size_t index);
bool has_paper(const struct check *check, const char *id);
bool has_paper_of(const struct check *check, Comity__AttachmentRole__Value role);

void check_needs(const struct check *check);
void check_measures(const struct check *check);
void check_precision(const struct check *check);
void check_papers(const struct check *check);
void check_language(const struct check *check);
void check_addressee(const struct check *check);
void check_codes(const struct check *check);

/* The name of an enum value; NULL when this version does not know it. */
const char *code_name(const ProtobufCEnumDescriptor *codes, int value);
