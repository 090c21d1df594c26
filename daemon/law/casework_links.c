/* What requests are to one another (DOMAIN 3.10).
 *
 * A request says in its text that it supplements, renews, follows ... an earlier one of the same two authorities; both sides note
 * that in both cases.  That the same is asked of another State is noted here only, and never said to either: nothing of it is in
 * any message. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/acts.h"
#include "daemon/law/casework_parts.h"
#include "daemon/law/problems.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

typedef Comity__RelationType__Value relation;

enum { LINKS_MAX = 64 };	/* of one case: what a peer makes of it stays small */

#define R(name) COMITY__RELATION_TYPE__VALUE__##name
#define N(name) COMITY__REQUEST_NATURE__VALUE__##name

static const struct rule {
	relation type;
	bool is_private;		/* of another State: stays here */
	bool is_opposite;		/* it is their request to us */
	Comity__RequestNature__Value nature;	/* of a request that says so; UNSPECIFIED: any */
} rules[] = {
	{ R(SUPPLEMENTS),         false, false, N(SUPPLEMENTARY) },
	{ R(AMENDS),              false, false, N(AMENDED) },
	{ R(RENEWS),              false, false, N(RENEWED) },
	{ R(CONFIRMS_ORAL),       false, false, N(CONFIRMATION_OF_ORAL) },
	{ R(FOLLOWS_PRESERVATION), false, false, N(FOLLOW_UP_TO_PRESERVATION) },
	{ R(FOLLOWS_SPONTANEOUS), false, true,  N(FOLLOW_UP_TO_SPONTANEOUS_INFO) },
	{ R(PARALLEL_TO),         true,  false, N(UNSPECIFIED) },
	{ R(RECIPROCAL_TO),       false, true,  N(UNSPECIFIED) },
};

static const struct rule *rule_of(relation type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

/* ── which request is meant ───────────────────────────────────────────────────────────────────── */

/* By id, or else by a reference; with this peer, or with any (NULL).  NULL: none that we know. */
static Comity__Case *find_related(struct txn *txn, const Comity__RelatedRequest *related, const char *peer, struct arena *arena)
{
	struct key id = key_of_uuid(related->request_id ? related->request_id : "");
	const char *references[] = { related->requesting_reference, related->requested_reference };
	Comity__Case *found = id.len ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	if (found)
		return peer && strcmp(found->peer, peer) ? NULL : found;
	for (size_t i = 0; !found && i < ARRAY_LEN(references); i++)
		found = case_find_by_reference(txn, references[i], peer, arena);
	return found;
}

/* ── noting ───────────────────────────────────────────────────────────────────────────────────── */

static bool is_same(const Comity__CaseLink *link, const char *request_id, relation type, bool is_inverse)
{
	return link->type == type && !link->inverse == !is_inverse && !strcmp(link->request_id, request_id);
}

struct noting {
	relation type;
	bool is_inverse, is_own;
	uint32_t uid;
};

static bool note(Comity__Case *kase, const Comity__Case *other, const struct noting *noting, struct arena *arena)
{
	char now[STAMP_SIZE];
	for (size_t i = 0; i < kase->n_links; i++)
		if (is_same(kase->links[i], other->request_id, noting->type, noting->is_inverse))
			return true;
	Comity__CaseLink *link = kase->n_links < LINKS_MAX ? arena_alloc(arena, sizeof *link) : NULL;
	if (!link)
		return false;
	comity__case_link__init(link);
	stamp_now(now);
	link->has_type = link->has_inverse = link->has_own = 1;
	link->type = noting->type;
	link->inverse = noting->is_inverse;
	link->own = noting->is_own;
	link->request_id = other->request_id;
	link->at = record_text(arena, now);
	link->has_actor_uid = noting->uid != NOBODY;
	link->actor_uid = noting->uid;
	return record_append(arena, &kase->n_links, &kase->links, &link, sizeof link);
}

/* Which of a case's links go: those that its text said, or those that are noted with one other. */
static bool goes(const Comity__CaseLink *link, const char *with)
{
	return with ? link->own && !strcmp(link->request_id, with) : !link->own && !link->inverse;
}

/* Of the other, what answers to this link. */
static void drop_answer(struct txn *txn, const Comity__Case *kase, const Comity__CaseLink *link, struct arena *arena)
{
	struct key id = key_of_uuid(link->request_id);
	Comity__Case *other = case_find_by_id(txn, key_span(&id), arena);
	size_t kept = 0;
	for (size_t i = 0; other && i < other->n_links; i++) {
		const Comity__CaseLink *its = other->links[i];
		bool answers = its->type == link->type && !its->own == !link->own && !strcmp(its->request_id, kase->request_id);
		if (!answers)
			other->links[kept++] = other->links[i];
	}
	if (other && kept < other->n_links) {
		other->n_links = kept;
		case_keep(txn, other);
	}
}

static size_t drop(struct txn *txn, Comity__Case *kase, const char *with, struct arena *arena)
{
	size_t kept = 0, dropped = 0;
	for (size_t i = 0; i < kase->n_links; i++) {
		Comity__CaseLink *link = kase->links[i];
		if (!goes(link, with)) {
			kase->links[kept++] = link;
			continue;
		}
		drop_answer(txn, kase, link, arena);
		dropped++;
	}
	kase->n_links = kept;
	return dropped;
}

/* An oral request is confirmed by what says so, and is one that confirms. */
static void confirm(struct txn *txn, Comity__Case *kase, Comity__Case *other, relation type, struct arena *arena)
{
	enum fault fault = OK;
	if (type == R(CONFIRMS_ORAL) && kase->nature == N(CONFIRMATION_OF_ORAL))
		fault = case_confirm_oral(txn, other, kase, NOBODY, arena);
	if (fault)
		txn_fail(txn, fault);
}

/* What their text names must be a case that they know; nobody else's is touched by it. */
static void note_both(struct txn *txn, Comity__Case *kase, Comity__Case *other, relation type, struct arena *arena)
{
	struct noting noting = { .type = type, .uid = NOBODY };
	if (!other || !strcmp(other->request_id, kase->request_id) || !case_is_known_there(other))
		return;
	if (other->n_links >= LINKS_MAX)
		return;		/* noted in both, or in none */
	if (!note(kase, other, &noting, arena))
		return;
	noting.is_inverse = true;
	if (!note(other, kase, &noting, arena))
		return;
	confirm(txn, kase, other, type, arena);
	case_keep(txn, other);
}

static void note_related(struct txn *txn, Comity__Case *kase, const Comity__RelatedRequest *related, struct arena *arena)
{
	const struct rule *rule = rule_of(related->type);
	Comity__Case *other = rule && !rule->is_private ? find_related(txn, related, kase->peer, arena) : NULL;
	note_both(txn, kase, other, related->type, arena);
}

void case_link_document(struct txn *txn, Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	drop(txn, kase, NULL, arena);
	for (size_t i = 0; i < document->n_related && i < LINKS_MAX; i++)
		note_related(txn, kase, document->related[i], arena);
	note_both(txn, kase, case_find_oral(txn, kase, document, arena), R(CONFIRMS_ORAL), arena);
}

void case_link_message(struct txn *txn, Comity__Case *kase, const Comity__Message *message, struct arena *arena)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (act_document(message->acts[i]))
			case_link_document(txn, kase, act_document(message->acts[i]), arena);
}

/* ── what must not leave ──────────────────────────────────────────────────────────────────────── */

/* Why this must not be said to that peer; OK: it may. */
static enum fault judge_related(struct txn *txn, const Comity__RelatedRequest *related, const char *peer, struct arena *arena)
{
	const struct rule *rule = rule_of(related->type);
	if (rule && rule->is_private)
		return fault_say(FAULT_BAD_DOCUMENT, "that the same is asked of another State is not told: take it out, and note it for us with"
			" comity request link REF --parallel OTHER");
	if (find_related(txn, related, peer, arena))
		return OK;
	const Comity__Case *elsewhere = find_related(txn, related, NULL, arena);
	return elsewhere ? fault_say(FAULT_BAD_DOCUMENT, "%s is a request with %s, of which %s must not learn", casework_name(elsewhere),
		elsewhere->peer, peer) : OK;
}

void case_judge_links(struct txn *txn, const Comity__Request *document, const char *peer, struct arena *arena, struct problems *problems)
{
	char place[48];
	for (size_t i = 0; peer && i < document->n_related && i < LINKS_MAX; i++) {
		snprintf(place, sizeof place, "request.related[%zu]", i);
		if (judge_related(txn, document->related[i], peer, arena))
			problems_add(problems, SEVERITY_ERROR, "link-elsewhere", "UNTOC 18(20)", place, "%s", fault_detail(FAULT_BAD_DOCUMENT));
	}
}

enum fault case_check_links(struct txn *txn, const Comity__Case *kase, const Comity__Message *message, struct arena *arena)
{
	for (size_t i = 0; i < message->n_acts; i++) {
		const Comity__Request *document = act_document(message->acts[i]);
		if (document && document->n_related > LINKS_MAX)
			return fault_say(FAULT_BAD_DOCUMENT, "request.related: more than %d requests", LINKS_MAX);
		for (size_t k = 0; document && k < document->n_related; k++)
			TRY(judge_related(txn, document->related[k], kase->peer, arena));
	}
	return OK;
}

/* ── by hand ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault judge_link(const Comity__Case *kase, const Comity__Case *other, const struct rule *rule)
{
	bool is_ours = kase->role == COMITY__ROLE__VALUE__REQUESTING, is_same_peer = !strcmp(kase->peer, other->peer);
	if (!strcmp(kase->request_id, other->request_id))
		return fault_say(FAULT_USAGE, "%s cannot be linked to itself", casework_name(kase));
	if (rule->type == R(CONFIRMS_ORAL) && kase->oral)
		return fault_say(FAULT_USAGE, "%s was asked orally itself: what confirms a request is one in writing", casework_name(kase));
	if (rule->is_private && (!is_ours || other->role != kase->role || is_same_peer))
		return fault_say(FAULT_USAGE, "parallel are two requests of ours, to two States; %s and %s are not", casework_name(kase), casework_name(other));
	if (rule->is_private)
		return OK;
	if (!is_same_peer)
		return fault_say(FAULT_USAGE, "%s is a request with %s, and %s one with %s: only --parallel links those, and tells nobody",
			casework_name(kase), kase->peer, casework_name(other), other->peer);
	if ((other->role != kase->role) != rule->is_opposite)
		return fault_say(FAULT_USAGE, rule->is_opposite ? "%s is not a case of the other direction" : "%s is a case of the other direction",
			casework_name(other));
	return case_is_known_there(other) ? OK : fault_say(FAULT_USAGE, "%s was not sent: %s knows nothing of it", casework_name(other), kase->peer);
}

static enum fault write_related(Comity__Request *document, const Comity__Case *other, const struct rule *rule, struct arena *arena)
{
	Comity__RelatedRequest *related = arena_alloc(arena, sizeof *related);
	if (!related)
		return arena_fault(arena);
	comity__related_request__init(related);
	related->has_type = 1;
	related->type = rule->type;
	related->request_id = other->request_id;
	related->requesting_reference = other->requesting_reference;
	related->requested_reference = other->requested_reference;
	if (rule->nature && document->nature <= N(INITIAL)) {
		document->has_nature = 1;
		document->nature = rule->nature;
	}
	return record_append(arena, &document->n_related, &document->related, &related, sizeof related) ? OK : arena_fault(arena);
}

/* A draft says it from now on. */
static enum fault link_draft(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Case *other,
	const struct rule *rule, struct arena *arena)
{
	Comity__Request *document = casework_document(txn, kase, arena);
	if (!document)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "%s has no text", casework_name(kase));
	if (casework_sealed_draft(txn, kase, arena))
		return fault_say(FAULT_USAGE, "the text of %s is sealed: say it in the text, and seal that again: comity request seal %s --from FILE",
			casework_name(kase), casework_name(kase));
	if (document->n_related >= LINKS_MAX)
		return fault_say(FAULT_TOO_LARGE, "%s names %d requests already", casework_name(kase), LINKS_MAX);
	for (size_t i = 0; i < document->n_related; i++)
		if (document->related[i]->type == rule->type && find_related(txn, document->related[i], kase->peer, arena) &&
			!strcmp(find_related(txn, document->related[i], kase->peer, arena)->request_id, other->request_id))
			return OK;	/* it says so */
	TRY(write_related(document, other, rule, arena));
	return casework_edit(casework, txn, kase, document, arena);
}

static bool is_draft(const Comity__Case *kase)
{
	return kase->status == COMITY__REQUEST_STATUS__VALUE__DRAFT && kase->role == COMITY__ROLE__VALUE__REQUESTING;
}

enum fault casework_link(struct casework *casework, struct txn *txn, const struct linking *linking, struct arena *arena)
{
	const struct rule *rule = rule_of(linking->type);
	Comity__Case *kase = linking->kase, *other = linking->other;
	struct noting noting = { .type = linking->type, .is_own = true, .uid = linking->uid };
	if (!rule)
		return fault_say(FAULT_USAGE, "there is no such relation of requests");
	TRY(judge_link(kase, other, rule));
	if (is_draft(kase) && !rule->is_private) {
		TRY(link_draft(casework, txn, kase, other, rule, arena));
	} else {
		if (!note(kase, other, &noting, arena))
			return arena->was_refused ? arena_fault(arena) : fault_say(FAULT_TOO_LARGE, "%s has %d links already", casework_name(kase), LINKS_MAX);
		noting.is_inverse = !rule->is_private;	/* what is parallel is so in both directions */
		if (!note(other, kase, &noting, arena))
			return arena->was_refused ? arena_fault(arena) : fault_say(FAULT_TOO_LARGE, "%s has %d links already", casework_name(other), LINKS_MAX);
		if (rule->type == R(CONFIRMS_ORAL))
			TRY(case_confirm_oral(txn, other, kase, linking->uid, arena));
		case_keep(txn, kase);
		case_keep(txn, other);
	}
	case_tell_of(txn, kase, EVENT_REQUEST_LINKED, linking->uid);
	return txn->fault;
}

/* Out of a draft's text. */
static enum fault unlink_draft(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Case *other, size_t *dropped,
	struct arena *arena)
{
	Comity__Request *document = casework_document(txn, kase, arena);
	size_t kept = 0;
	for (size_t i = 0; document && i < document->n_related; i++) {
		const Comity__Case *its = find_related(txn, document->related[i], kase->peer, arena);
		if (!its || strcmp(its->request_id, other->request_id))
			document->related[kept++] = document->related[i];
	}
	if (!document || kept == document->n_related)
		return txn->fault;
	*dropped += document->n_related - kept;
	document->n_related = kept;
	return casework_edit(casework, txn, kase, document, arena);
}

/* That one confirmed the other was a mistake. */
static enum fault doubt(struct txn *txn, const struct linking *linking, struct arena *arena)
{
	struct key id = key_of_uuid(linking->other->request_id);
	Comity__Case *other = case_find_by_id(txn, key_span(&id), arena);	/* without its link */
	if (!other)
		return txn->fault;
	TRY(case_doubt_oral(txn, linking->kase, other, linking->uid, arena));
	return case_doubt_oral(txn, other, linking->kase, linking->uid, arena);
}

enum fault casework_unlink(struct casework *casework, struct txn *txn, const struct linking *linking, struct arena *arena)
{
	Comity__Case *kase = linking->kase;
	size_t dropped = drop(txn, kase, linking->other->request_id, arena);
	if (dropped)
		case_keep(txn, kase);
	if (dropped)
		TRY(doubt(txn, linking, arena));
	if (is_draft(kase))
		TRY(unlink_draft(casework, txn, kase, linking->other, &dropped, arena));
	TRY(txn->fault);
	if (!dropped)
		return fault_say(FAULT_NOT_FOUND, "no link of %s to %s can be taken back: what a request says that was sent stands",
			casework_name(kase), casework_name(linking->other));
	case_tell_of(txn, kase, EVENT_REQUEST_LINKED, linking->uid);
	return txn->fault;
}

/* ── showing ──────────────────────────────────────────────────────────────────────────────────── */

void case_show_links(struct txn *txn, const Comity__Case *kase, Comity__RequestView *view, struct arena *arena)
{
	for (size_t i = 0; i < kase->n_links; i++) {
		const Comity__CaseLink *link = kase->links[i];
		struct key id = key_of_uuid(link->request_id);
		const Comity__Case *other = case_find_by_id(txn, key_span(&id), arena);
		Comity__LinkView *shown = arena_alloc(arena, sizeof *shown);
		if (!shown)
			return;
		comity__link_view__init(shown);
		shown->has_type = shown->has_inverse = shown->has_own = 1;
		shown->type = link->type;
		shown->inverse = link->inverse;
		shown->own = link->own;
		shown->request_id = link->request_id;
		shown->reference = other ? (char *)casework_name(other) : NULL;
		shown->peer = other ? other->peer : NULL;
		shown->has_status = other != NULL;
		shown->status = other ? other->status : COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED;
		if (!record_append(arena, &view->n_links, &view->links, &shown, sizeof shown))
			return;
	}
}
