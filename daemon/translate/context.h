/* Contexts: a module opened for one insurer and one hospital. An insurer knows each hospital by numbers of its own, and
 * a context is constant once it is open, so there is one per pair, opened when first needed and at most CONTEXTS_MAX at
 * a time (the one that was not used for longest makes room; a context has no other life than its arena's).
 *
 * What a module reads with profile->get(KEY), tried in this order:
 *   its declared keys   the insurer's `keys` group, else the declared fallback. "module.KEY" is the same. A value of
 *                       the form ${hospital.NAME} stands for that fact about the hospital (a KEY below), so that one
 *                       insurer file serves all hospitals
 *   insurer.code, insurer.name, insurer.idempotent ("true" or "false")
 *   hospital.code, hospital.name, hospital.currency, hospital.zone
 *   hospital.identifier          the value of the hospital's first identifier
 *   hospital.identifier.SYSTEM   its identifier in that system
 * and with profile->map(MAP, FROM) an entry of the insurer's `maps`. */
#ifndef TRANSLATE_CONTEXT_H
#define TRANSLATE_CONTEXT_H

#include "base/mem.h"
#include "model/taken.h"
#include "translate/adapter.h"

#define CONTEXTS_MAX 1024
#define CONTEXT_ARENA_BYTES (1u << 20)
#define CONTEXT_REFUSES "refuses the profile: " /* stands before the module's own words */

/* An open module for one insurer and one hospital. */
struct context {
	const struct adapter *adapter;
	const struct insurer *insurer;
	const struct hospital *hospital;
	const void *handle;    /* the module's own */
	uint32_t capabilities; /* enum zf_capability */
	struct taken taken;    /* the last answer that the module called constant */
};

struct contexts;

/* Both are borrowed and must outlive it. Returns owned: contexts_free. ERR_NOMEM. */
int contexts_new(
	const struct adapter_set *set, const struct directory *directory, struct contexts **ret_contexts) MUSTUSE;
void contexts_free(struct contexts *contexts); /* NULL allowed */
/* The side that contexts are opened for from now on, enum zf_side; towards the insurer unless said (adapter check plays
 * the insurer too). */
void contexts_side(struct contexts *contexts, uint32_t side);
/* The context of a pair, opened when it is not there. ERR_NOTFOUND: the insurer's module is not loaded; ERR_INVALID:
 * the module refuses the profile, with its reason; ERR_NOMEM. Borrowed until the next call that opens one. */
int contexts_get(struct contexts *contexts, const struct hospital *hospital, const struct insurer *insurer,
	const struct context **ret_context) MUSTUSE;

/* An answer that says no more than that a claim was taken; kept until the context goes. */
void contexts_learn(struct contexts *contexts, const struct context *context, const struct taken *taken);

/* The services handed to every module. */
extern const struct zf_host host_services;

#endif
